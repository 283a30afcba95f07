"""Errors that no page foresaw: a page that names a reference, and the log that has the error under it."""

import secrets

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.texts import _
from console.errors import error_page

_log = structlog.get_logger("console")


class UnforeseenErrors:
    """Answers with a page what would be a bare "Internal Server Error". Stands inside of the headers' middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. If the answer has begun by the time of the error, the connection is cut."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:  # no browser waits for an answer any more
            return
        except Exception:
            if scope["type"] != "http":
                raise
            reference = secrets.token_hex(4)
            _log.exception(
                "page_failed", reference=reference, method=scope["method"], path=scope["path"][:200]
            )
            if begun:
                raise
            problem = _(
                "An unforeseen error has ended this request. Try again. If that fails too, give an administrator "
                "the reference {reference}, which the console's log has."
            ).format(reference=f"`{reference}`")
            await error_page(Request(scope), 500, problem)(scope, receive, send)
