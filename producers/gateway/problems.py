"""Refusals over HTTP: RFC 9457 problems under /v1, the vendor's envelope elsewhere.

Texts are English for every client; programs use `type` and the status.
"""

import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import redis
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from config.redis_connection import RedisUnreachable
from config.redis_refusals import logged
from pec.api import vendor_words
from pec.api.wire import Envelope
from pec.jobs import JobRejected
from pec.problems import Problem as Fault
from pec.store.once import TooMuchHeld
from pec.store.replication import TooFewReplicas
from producers.gateway import metrics

V1 = "/v1"
AWAY_SECONDS = 5.0
RETRY_AFTER = {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer"}}}
_VENDOR = {
    "unauthorized": vendor_words.UNAUTHORIZED,
    "forbidden": vendor_words.FORBIDDEN,
    "too_fast": vendor_words.TOO_FAST,
    "invalid": vendor_words.POST_INVALID,
}
log = structlog.get_logger()


class Problem(Exception):
    """A refusal. `code` is stable, `detail` says what to do; neither quotes a value of the request.

    `faults` are those of the job contract. `closes`: the connection ends, because its request was not read.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after_seconds: float | None = None,
        faults: Sequence[Fault] = (),
        closes: bool = False,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.retry_after_seconds, self.faults, self.closes = retry_after_seconds, tuple(faults), closes

    @property
    def headers(self) -> dict[str, str]:
        found = {"Cache-Control": "no-store"}
        if self.retry_after_seconds is not None:
            found["Retry-After"] = str(max(1, math.ceil(self.retry_after_seconds)))
        if self.status == HTTPStatus.UNAUTHORIZED:
            found["WWW-Authenticate"] = "Bearer"
        if self.closes:
            found["Connection"] = "close"
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the members of RFC 9457, and `errors`."""
        errors = [fault.as_dict() for fault in self.faults]
        return {
            "type": f"urn:pec:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **({"errors": errors} if errors else {}),
        }


def unauthorized() -> Problem:
    return Problem(401, "unauthorized", "the bearer token is missing, unknown, revoked or expired")


def forbidden(scope: str) -> Problem:
    return Problem(403, "forbidden", f"the token lacks the scope {scope}")


def unavailable(detail: str, seconds: float = AWAY_SECONDS) -> Problem:
    return Problem(503, "unavailable", detail, retry_after_seconds=seconds)


def too_large(max_bytes: int) -> Problem:
    detail = f"the body is larger than {max_bytes} bytes: make the attachments smaller"
    return Problem(413, "too_large", detail, closes=True)


def rejected(error: JobRejected) -> Problem:
    return Problem(422, "invalid_job", "the job can't be taken: see `errors`", faults=error.problems)


def add_handlers(app: FastAPI) -> None:
    """Turn every exception into an answer."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(JobRejected, _rejected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(TooMuchHeld, _too_much_held)
    for kind in (redis.RedisError, RedisUnreachable, TooFewReplicas):
        app.add_exception_handler(kind, _redis_away)
    app.add_exception_handler(Exception, _unexpected)


def answer(request: Request, problem: Problem) -> Response:
    """Return the problem in the form of the request's surface, and count it."""
    metrics.REFUSALS.labels(str(problem.status), problem.code).inc()
    if problem.faults:
        log.info(
            "request_refused",
            code=problem.code,
            faults=[f"{fault.field}: {fault.code}" for fault in problem.faults],
        )
    if request.url.path.startswith((f"{V1}/", "/health/")):
        return JSONResponse(
            problem.as_dict(), problem.status, problem.headers, media_type="application/problem+json"
        )
    words = Envelope(success=False, message=_VENDOR.get(problem.code, problem.detail))
    return JSONResponse(words.model_dump(), problem.status, problem.headers)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it; the framework's type is wider
    return answer(request, error)


async def _rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, JobRejected)  # noqa: S101 - registered for it
    return answer(request, rejected(error))


async def _invalid(request: Request, error: Exception) -> Response:
    """Return 401 for a missing credential header of the vendor's operations, else what is wrong with each field."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    is_v1 = request.url.path.startswith(f"{V1}/")
    places = [[str(part) for part in one["loc"]] for one in error.errors()]
    if not is_v1 and any(place[0] == "header" for place in places):
        return answer(request, unauthorized())
    faults = [
        Fault(".".join(place[1:]) or place[0], str(one["msg"]), str(one["type"]))
        for place, one in zip(places, error.errors(), strict=True)
    ]
    detail = "a part of the request is not valid: see `errors`"
    return answer(request, Problem(422 if is_v1 else 400, "invalid", detail, faults=faults))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    code = HTTPStatus(error.status_code).name.lower()
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND and request.url.path.startswith(f"{V1}/"):
        detail = f"there is no such path: {V1}/openapi.json lists them"
    response = answer(request, Problem(error.status_code, code, detail))
    response.headers.update(error.headers or {})
    return response


async def _gone(request: Request, error: Exception) -> Response:
    """The client left while it was writing: nothing was enqueued, and no client reads this."""
    return Response(status_code=400)


async def _too_much_held(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooMuchHeld)  # noqa: S101 - registered for it
    detail = (
        "the token's uploads and waiting jobs take all that it may hold: "
        "repeat it after Retry-After, once workers have taken some or uploads have expired"
    )
    return answer(request, Problem(429, "too_much_held", detail, retry_after_seconds=error.wait_seconds))


async def _redis_away(request: Request, error: Exception) -> Response:
    cause = error.__cause__ or error
    fields = logged(cause) if isinstance(cause, redis.RedisError) else {"error": str(error)}
    log.error("redis_unavailable", thread="gateway", **fields)
    return answer(request, unavailable(_words_of_repeat(request)))


def _words_of_repeat(request: Request) -> str:
    if request.method in ("GET", "HEAD"):
        return "Redis gives no answer: repeat the request"
    if getattr(request.state, "repeats_send_again", False):
        return "the request may be stored: a repeat may send it twice; requests with an Idempotency-Key are sent once"
    return "the request may be stored: repeat it unchanged, within a day, which sends nothing twice"


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.scope.get("path", ""), error=type(error).__name__)
    return answer(request, Problem(500, "unexpected", "the gateway failed: its log says why"))
