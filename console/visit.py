"""One request of a person, as pages need it: who it is, in which language, and how to answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from config.settings import Settings
from config.texts import _
from console.language import preferred, translated
from console.navigation import menu
from console.overview_cache import OverviewCache
from console.rendering import render
from console.theme import theme_of
from console.visitor import visitor_of
from pec.operations.people.acts import noted
from pec.operations.people.logins import leave_notice, take_notice
from pec.operations.refusals import Contended, Refused
from pec.operations.session import Session
from pec.operations.status.overview import Overview
from pec.users import Role, User

LANGUAGE = "pec_language"  # the cookie
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request whose visitor is known."""

    request: Request
    session: Session
    user: User

    @property
    def settings(self) -> Settings:
        return self.session.settings

    @property
    def store(self) -> Any:
        """Return the store, for operations."""
        return self.session.store

    @property
    def language(self) -> str:
        return language_of(self.request)

    @property
    def actor(self) -> str:
        """Return the name of the person in the audit stream."""
        return f"user:{self.user.name}"

    def overview(self) -> Overview:
        """Return the overview, which is at most two seconds old."""
        found: OverviewCache = self.request.app.state.overview
        return found.get()

    def may(self, role: str) -> bool:
        """Return whether the person may act in this role now."""
        return self.user.may(Role(role)) and not self.settings.console.read_only

    def page(self, template: str, **values: Any) -> HTMLResponse:
        """Return a page. Every template gets `visit`, `user`, `menu`, `csrf`, `theme` and `notice`."""
        own = {
            "visit": self,
            "user": self.user,
            "csrf": visitor_of(self.request).csrf,
            "theme": theme_of(self.request.cookies),
            "path": self.request.url.path,
            "read_only": self.settings.console.read_only,
            "menu": menu(self.user, self.overview().messages),
            "notice": self._notice() if _shows_notices(self.request) else None,
        }
        return HTMLResponse(render(self.language, template, own | values))

    def go(self, path: str, notice: str = "", *, refused: bool = False) -> RedirectResponse:
        """Return a redirect to a page of ours, which begins with the notice."""
        if notice:
            said = json.dumps({"text": translated(self.language, notice), "refused": refused})
            leave_notice(self.store, visitor_of(self.request).secret, said)
        return RedirectResponse(path, 303)

    def act(
        self,
        act: Callable[[], str],
        *,
        action: str,
        subject: str,
        back: str,
        details: Mapping[str, Any] | None = None,
    ) -> RedirectResponse:
        """Do something that the audit stream notes, and go back to a page that says what was done, or why not.

        `act` returns the words for that. `subject` is the kind and the name of the thing: `message:a1`.
        """
        try:
            with noted(self.store, self.actor, action, subject, details):
                said = act()
        except (Refused, Contended) as error:
            return self.go(back, str(error), refused=True)
        kept: OverviewCache = self.request.app.state.overview
        kept.forget()
        return self.go(back, said)

    def require_account(self, account: str | None) -> None:
        """Raise 404 for what belongs to a mailbox that the person may not see, as for what does not exist."""
        if not self.user.sees(account):
            raise HTTPException(404)

    def _notice(self) -> Mapping[str, Any] | None:
        kept = take_notice(self.store, visitor_of(self.request).secret)
        return json.loads(kept) if kept else None


def language_of(request: Request) -> str:
    """Return the language of the request's person."""
    return preferred(request.cookies.get(LANGUAGE), request.headers.get("accept-language", ""))


def _shows_notices(request: Request) -> bool:
    """Return whether the answer becomes a whole page, and no part of one."""
    return "hx-request" not in request.headers or "hx-boosted" in request.headers


async def check_csrf(request: Request) -> None:
    """Raise 403 for a form that was not made for this browser. Every route has this dependency."""
    if request.method in ("GET", "HEAD"):
        return
    given: Any = request.headers.get(CSRF_HEADER)
    if given is None:
        given = (await request.form()).get(CSRF_FIELD)
    if not isinstance(given, str) or not compare_digest(given.encode(), visitor_of(request).csrf.encode()):
        raise HTTPException(403, _("this form is too old: load the page again, then repeat it"))


def visiting(request: Request) -> Visit:
    """Return the visit of a person who is logged in."""
    user = visitor_of(request).user
    if user is None:
        raise HTTPException(403, _("your login has ended: log in again"))
    return Visit(request, request.app.state.session, user)


def _at_least(role: Role) -> Callable[[Visit], Visit]:
    def require(visit: Annotated[Visit, Depends(visiting)]) -> Visit:
        if not visit.user.may(role):
            raise HTTPException(403, _("your role does not allow that: ask an administrator"))
        return visit

    return require


def _whole(visit: Annotated[Visit, Depends(visiting)]) -> Visit:
    if not visit.user.sees_everything:
        raise HTTPException(403, _("this page is about all mailboxes, and you may see some only"))
    return visit


def _operator_of_all(visit: Annotated[Visit, Depends(_whole)]) -> Visit:
    return _at_least(Role.OPERATOR)(visit)


def _admin_of_all(visit: Annotated[Visit, Depends(_whole)]) -> Visit:
    return _at_least(Role.ADMIN)(visit)


Reader = Annotated[Visit, Depends(visiting)]  # who is logged in
Clerk = Annotated[Visit, Depends(_at_least(Role.CLERK))]
Operator = Annotated[Visit, Depends(_at_least(Role.OPERATOR))]
WholeReader = Annotated[Visit, Depends(_whole)]  # who may see every mailbox
WholeOperator = Annotated[Visit, Depends(_operator_of_all)]
Admin = Annotated[Visit, Depends(_admin_of_all)]  # who gives out mailboxes must see them all
