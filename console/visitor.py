"""Who a request comes from: a login's cookie or a trusted proxy's word, and the secret that only this browser has."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from console.proxy import REMOTE_USER
from pec.operations.people.logins import user_of, who
from pec.operations.session import Session
from pec.users import User

LOGIN, BROWSER = "pec_login", "pec_browser"  # cookies
_STATE = "visitor"


@dataclass(frozen=True, slots=True)
class Visitor:
    """`secret` ties forms to the browser that they were made for. `fresh`: the browser does not have it yet."""

    user: User | None
    secret: str
    fresh: bool = False
    unknown: str = ""  # the name that a trusted proxy gave, if no user has it

    @property
    def csrf(self) -> str:
        """Return what a form of this browser must bring."""
        return hmac.new(self.secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def cookie_name(base: str, request: HTTPConnection) -> str:
    """Return the name of a cookie: with https, browsers keep other hosts from setting it."""
    return f"__Host-{base}" if is_https(request) else base


def is_https(request: HTTPConnection) -> bool:
    """Return whether the browser speaks https, to the console or to a trusted proxy."""
    return bool(request.scope.get("scheme") == "https")


def identify(session: Session, request: HTTPConnection) -> Visitor:
    """Return the visitor of a request."""
    browser = request.cookies.get(cookie_name(BROWSER, request), "")
    if session.settings.console.trusted_header:
        name = request.scope.get(REMOTE_USER) or ""
        user = user_of(session.store, name) if name else None
        return Visitor(user, browser or secrets.token_urlsafe(32), not browser, "" if user else name)
    token = request.cookies.get(cookie_name(LOGIN, request), "")
    user = who(session.store, token) if token else None
    if user:
        return Visitor(user, token)
    return Visitor(None, browser or secrets.token_urlsafe(32), not browser)


def keep(request: HTTPConnection, visitor: Visitor) -> None:
    """Hand the visitor to the pages."""
    request.scope.setdefault("state", {})[_STATE] = visitor


def visitor_of(request: HTTPConnection) -> Visitor:
    """Return the visitor whom the gate identified."""
    found: Visitor = request.scope["state"][_STATE]
    return found
