"""The users of the console, for administrators."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Response

from config.texts import _
from console.visit import Admin
from pec.operations.names import list_accounts
from pec.operations.people import users
from pec.operations.people.logins import end_logins, logins_of
from pec.operations.refusals import Refused
from pec.users import Role

router = APIRouter()
Field = Annotated[str, Form()]
Accounts = Annotated[list[str], Form()]


@router.get("/users")
def show(visit: Admin) -> Response:
    """List the users with their logins, and offer to add one."""
    found = users.list_users(visit.store)
    return visit.page(
        "users.html",
        people=[(one, logins_of(visit.store, one.name)) for one in found],
        roles=list(Role),
        accounts=list_accounts(visit.store, visit.settings),
    )


@router.post("/users")
def add(
    visit: Admin,
    name: Field = "",
    role: Field = "viewer",
    password: Field = "",
    accounts: Accounts = [],  # noqa: B006
) -> Response:
    """Add a user."""

    def act() -> str:
        users.add_user(visit.store, visit.settings, name, _role(role), accounts, password or None)
        return _("Added user {name}.").format(name=name)

    return _act_on(visit, name, "user.add", act, role=role, accounts=accounts)


@router.get("/users/{name}")
def edit(visit: Admin, name: str) -> Response:
    """Show a user's role and accounts, to change them."""
    person = users.require_user(visit.store, name)
    known = list_accounts(visit.store, visit.settings)
    return visit.page(
        "user.html", person=person, roles=list(Role), accounts=sorted({*known, *person.accounts})
    )


@router.post("/users/{name}/role")
def change_role(visit: Admin, name: str, role: Field = "", accounts: Accounts = []) -> Response:  # noqa: B006
    """Give a user another role and other accounts."""

    def act() -> str:
        users.set_role(visit.store, visit.settings, name, _role(role), accounts)
        return _("Changed user {name}.").format(name=name)

    return _act_on(visit, name, "user.role", act, role=role, accounts=accounts)


@router.post("/users/{name}/password")
def change_password(visit: Admin, name: str, password: Field = "") -> Response:
    """Give a user another password, which ends all logins of the person."""

    def act() -> str:
        users.set_password(visit.store, name, password)
        return _("Changed the password of {name}, and ended all logins.").format(name=name)

    return _act_on(visit, name, "user.password", act)


@router.post("/users/{name}/logins/end")
def end(visit: Admin, name: str) -> Response:
    """Log a user out everywhere."""

    def act() -> str:
        end_logins(visit.store, name)
        return _("All logins of {name} have ended.").format(name=name)

    return _act_on(visit, name, "user.logins_end", act)


@router.post("/users/{name}/remove")
def remove(visit: Admin, name: str) -> Response:
    """Remove a user."""

    def act() -> str:
        if name == visit.user.name:
            raise Refused("own_user", _("you can't remove yourself: another administrator can"))
        users.remove_user(visit.store, name)
        return _("Removed user {name}.").format(name=name)

    return _act_on(visit, name, "user.remove", act)


def _act_on(visit: Admin, name: str, action: str, act: Callable[[], str], **details: Any) -> Response:
    return visit.act(act, action=action, subject=f"user:{name[:64]}", back="/users", details=details)


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise Refused("unknown_role", _("there is no such role")) from None
