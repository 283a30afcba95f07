"""Pages that say why there is no other page: what happened, and what to do."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from redis import RedisError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from config.redis_connection import RedisUnreachable
from config.texts import Text, _
from console.campaigns.shelf import NoCampaign
from console.language import preferred
from console.rendering import render
from console.theme import theme_of
from pec.messages import UnsupportedRecord
from pec.operations.refusals import Contended, Refused

_HEADINGS = {
    400: _("That request can't be understood"),
    403: _("That is not allowed"),
    404: _("There is no such page"),
    409: _("That could not be done"),
    413: _("That is too large"),
    422: _("That request can't be understood"),
    500: _("Something went wrong here"),
    503: _("The console can't work now"),
}
_WORDS: dict[int, Text] = {
    404: _("The address is mistyped, or what it showed is gone."),
    405: _("The address is mistyped, or what it showed is gone."),
}
_UNSTATED = _("The address or the form has a value that can't be read: go back and correct it.")


def error_page(request: Request, status: int, problem: str) -> Response:
    """Return a page without navigation, which needs neither Redis nor a user."""
    language = preferred(request.cookies.get("pec_language"), request.headers.get("accept-language", ""))
    values = {
        "heading": _HEADINGS.get(status, _HEADINGS[400]),
        "problem": problem,
        "theme": theme_of(request.cookies),
    }
    return HTMLResponse(render(language, "error.html", values), status)


def add_error_pages(app: FastAPI) -> None:
    """Answer every known error with a page."""

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        stated: object = error.detail
        words = stated if isinstance(stated, Text) else _WORDS.get(error.status_code, _UNSTATED)
        return error_page(request, error.status_code, words)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: Exception) -> Response:
        return error_page(request, 400, _UNSTATED)

    @app.exception_handler(Refused)
    async def _refused(request: Request, error: Refused) -> Response:
        return error_page(request, 409, str(error))

    @app.exception_handler(Contended)
    async def _contended(request: Request, error: Contended) -> Response:
        return error_page(request, 409, str(error))

    @app.exception_handler(UnsupportedRecord)
    async def _newer(request: Request, error: UnsupportedRecord) -> Response:
        return error_page(
            request, 409, _("{error}: a newer version wrote it, upgrade this one").format(error=error)
        )

    @app.exception_handler(NoCampaign)
    async def _deleted(request: Request, error: NoCampaign) -> Response:
        return error_page(request, 404, _WORDS[404])

    @app.exception_handler(RedisError)
    @app.exception_handler(RedisUnreachable)
    async def _away(request: Request, error: Exception) -> Response:
        return error_page(request, 503, _("Redis gives no answer: see `pec doctor`"))
