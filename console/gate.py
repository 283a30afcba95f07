"""The gate in front of every page: it identifies the visitor before a form or a file is read."""

from http.cookies import SimpleCookie
from urllib.parse import quote, urlsplit

import redis
from anyio.to_thread import run_sync
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.texts import _
from console.errors import error_page
from console.visitor import BROWSER, Visitor, cookie_name, identify, is_https, keep
from pec.operations.session import Session

_OPEN = ("/static/", "/login", "/preferences", "/health")  # without a login
_WITHOUT_REDIS = ("/static/", "/health/live")
_SAFE = ("GET", "HEAD")
_ALLOWED_WHEN_READ_ONLY = ("/login", "/logout", "/preferences")
MAX_LOGIN_BYTES = 16_000  # of a form by someone who is not logged in
MAX_FORM_BYTES = 4_000_000  # of one without a file
MAX_UPLOAD_BYTES = 200_000_000


class Gate:
    """Lets known visitors pass, sends others to the login, and refuses requests that other sites made."""

    def __init__(self, app: ASGIApp, session: Session) -> None:
        self._app = app
        self._session = session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if request.url.path.startswith(_WITHOUT_REDIS):
            await self._app(scope, receive, send)
            return
        keep(request, Visitor(None, ""))
        try:
            visitor = await run_sync(identify, self._session, request)
        except (redis.RedisError, OSError):
            problem = _("Redis gives no answer: see `pec doctor`")
            await error_page(request, 503, problem)(scope, receive, send)
            return
        keep(request, visitor)
        refusal = self._refusal(request, visitor)
        await (refusal or self._app)(scope, receive, self._with_cookie(request, visitor, send))

    def _refusal(self, request: Request, visitor: Visitor) -> Response | None:
        path = request.url.path
        if request.method not in _SAFE:
            if not _same_site(request):
                return error_page(request, 403, _("this request came from another site"))
            if not _fits(request, known=visitor.user is not None):
                return error_page(request, 413, _("this is more than a form may bring"))
            if self._session.settings.console.read_only and path not in _ALLOWED_WHEN_READ_ONLY:
                return error_page(request, 403, _("this console is read-only (PEC_CONSOLE__READ_ONLY)"))
        if visitor.user or path.startswith(_OPEN):
            return None
        if visitor.unknown:
            problem = _("there is no user {name} here: ask an administrator for `pec user add {name}`")
            return error_page(request, 403, problem.format(name=visitor.unknown))
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": "/login"})
        if request.method in _SAFE:
            return RedirectResponse(f"/login?next={quote(_target(request), safe='')}", 303)
        return error_page(request, 403, _("your login has ended: log in again"))

    @staticmethod
    def _with_cookie(request: Request, visitor: Visitor, send: Send) -> Send:
        """Return a `send` that gives a new browser its secret."""
        if not visitor.fresh:
            return send

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", _cookie(request, visitor.secret))
            await send(message)

        return sending


def _same_site(request: Request) -> bool:
    """Return whether the browser says that a page of ours made the request. Old browsers say nothing."""
    stated = request.headers.get("sec-fetch-site")
    if stated is not None:
        return stated in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _fits(request: Request, *, known: bool) -> bool:
    """Return whether a form is small enough to be read. It must state its size."""
    kind = request.headers.get("content-type", "")
    limit = MAX_UPLOAD_BYTES if kind.startswith("multipart/form-data") else MAX_FORM_BYTES
    length = request.headers.get("content-length", "0")
    return (
        length.isdecimal()
        and int(length) <= (limit if known else MAX_LOGIN_BYTES)
        and "transfer-encoding" not in request.headers
    )


def _target(request: HTTPConnection) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _cookie(request: HTTPConnection, secret: str) -> str:
    cookie = SimpleCookie({cookie_name(BROWSER, request): secret})
    for morsel in cookie.values():
        morsel["path"], morsel["samesite"] = "/", "Lax"
        morsel["httponly"], morsel["secure"] = True, is_https(request)
    return cookie.output(header="").strip()
