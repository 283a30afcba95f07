"""The person's own page: where they are logged in, and a new password."""

from typing import Annotated

from fastapi import APIRouter, Form, Response

from config.texts import _
from console.visit import Reader
from pec.operations.people.logins import end_logins, logins_of, owns_password
from pec.operations.people.users import set_password
from pec.operations.refusals import Refused

router = APIRouter()


@router.get("/me")
def show(visit: Reader) -> Response:
    """Show the person's logins."""
    return visit.page("me.html", logins=logins_of(visit.store, visit.user.name))


@router.post("/me/logins/end")
def end_all(visit: Reader) -> Response:
    """Log the person out in every browser, this one included."""

    def end() -> str:
        end_logins(visit.store, visit.user.name)
        return _("All logins have ended.")

    subject = f"user:{visit.user.name}"
    return visit.act(end, action="user.logins_end", subject=subject, back="/login")


@router.post("/me/password")
def change_password(
    visit: Reader,
    present: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    repeated: Annotated[str, Form()] = "",
) -> Response:
    """Give the person a new password, which ends all logins."""

    def change() -> str:
        if not owns_password(visit.store, visit.user.name, present):
            raise Refused("bad_password", _("the present password is wrong"))
        if password != repeated:
            raise Refused("bad_password", _("the two new passwords differ: type them again"))
        set_password(visit.store, visit.user.name, password)
        return _("The password was changed: log in with the new one.")

    return visit.act(change, action="user.password", subject=f"user:{visit.user.name}", back="/me")
