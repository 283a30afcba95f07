"""Logging in and out, and what a browser prefers: language, light or dark."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from config.texts import _
from console.language import LANGUAGES
from console.rendering import render
from console.theme import THEME, THEMES, theme_of
from console.visit import LANGUAGE, language_of
from console.visitor import LOGIN, cookie_name, is_https, visitor_of
from pec.operations.people.acts import note_act
from pec.operations.people.logins import end_login, log_in
from pec.operations.people.users import list_users
from pec.operations.refusals import Refused
from pec.operations.session import Session

_A_YEAR = 365 * 86_400

router = APIRouter()
Field = Annotated[str, Form()]


@router.get("/health")
def health(request: Request) -> JSONResponse:
    """Answer a probe once Redis answered."""
    session: Session = request.app.state.session
    session.store.client.ping()
    return JSONResponse({"status": "ok"})


@router.get("/health/live")
def live() -> JSONResponse:
    """Answer a probe that asks about this process alone."""
    return JSONResponse({"status": "ok"})


@router.get("/login")
def show_login(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's word
    """Ask for name and password."""
    if visitor_of(request).user:
        return RedirectResponse(local_path(next), 303)
    session: Session = request.app.state.session
    return _form(request, next, first=not list_users(session.store))


@router.post("/login")
def try_login(request: Request, name: Field = "", password: Field = "", next: Field = "/") -> Response:  # noqa: A002
    """Log in, or say that name or password is wrong."""
    session: Session = request.app.state.session
    address = request.client.host if request.client else ""
    try:
        if session.settings.console.trusted_header:
            raise Refused("proxy_only", _("people log in at the proxy (PEC_CONSOLE__TRUSTED_HEADER)"))
        token = log_in(session.store, name, password, address)
    except Refused as refused:
        throttled = refused.code == "too_many_logins"
        if not throttled:  # guesses must not push other entries out of the stream
            note_act(session.store, f"user:{name[:64]}", "login.refused", f"address:{address}")
        status = 429 if throttled else 403
        return _form(request, next, name=name, problem=str(refused), status=status)
    note_act(session.store, f"user:{name}", "login", f"address:{address}")
    if before := request.cookies.get(cookie_name(LOGIN, request)):
        end_login(session.store, before)
    response = RedirectResponse(local_path(next), 303)
    response.set_cookie(
        cookie_name(LOGIN, request), token, httponly=True, samesite="lax", secure=is_https(request)
    )
    return response


@router.post("/logout")
def log_out(request: Request) -> Response:
    """End this browser's login."""
    session: Session = request.app.state.session
    if token := request.cookies.get(cookie_name(LOGIN, request)):
        end_login(session.store, token)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(
        cookie_name(LOGIN, request), httponly=True, samesite="lax", secure=is_https(request)
    )
    return response


@router.post("/preferences")
def prefer(
    request: Request,
    next: Field = "/",  # noqa: A002
    language: Field = "",
    theme: Annotated[str | None, Form()] = None,
) -> Response:
    """Keep the language, or light or dark, in this browser."""
    response = RedirectResponse(local_path(next), 303)
    if language in LANGUAGES:
        _remember(response, request, LANGUAGE, language)
    if theme in THEMES:
        _remember(response, request, THEME, theme)
    return response


def local_path(target: str) -> str:
    """Return the path of a page of ours, or the overview for an address of any other site."""
    parts = urlsplit(target)
    is_ours = not parts.scheme and not parts.netloc and target.startswith("/") and "\\" not in target
    return target if is_ours and not target.startswith("//") and target.isprintable() else "/"


def _remember(response: Response, request: Request, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=_A_YEAR, httponly=True, samesite="lax", secure=is_https(request))


def _form(
    request: Request,
    target: str,
    *,
    name: str = "",
    problem: str = "",
    status: int = 200,
    first: bool = False,
) -> Response:
    values = {
        "next": local_path(target),
        "name": name,
        "problem": problem,
        "first": first,
        "csrf": visitor_of(request).csrf,
        "theme": theme_of(request.cookies),
        "path": "/login",
    }
    return HTMLResponse(render(language_of(request), "login.html", values), status)
