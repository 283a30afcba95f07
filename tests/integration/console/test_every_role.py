"""Every route, for every role: each says whom it is for, and no other person gets in, whatever the page does."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from console import visit
from pec.users import Role
from tests.integration.console.browser import Browser
from tests.integration.console.routes import OPEN, routes, sample_of

WITHOUT_A_VISIT = {*OPEN, "/logout"}  # they ask for no person, or end what the browser itself has
ROLES = {
    "visiting": ("viewer", False),
    "_opened": ("clerk", False),
    "_whole": ("viewer", True),
    "_operator_of_all": ("operator", True),
    "_admin_of_all": ("admin", True),
}
PEOPLE = {
    "viewer": (Role.VIEWER, True),
    "clerk": (Role.CLERK, True),
    "operator": (Role.OPERATOR, True),
    "part": (Role.OPERATOR, False),
    "part-admin": (Role.ADMIN, False),
}


def _routes() -> Iterator[APIRoute]:
    return (one for one in routes() if one.path not in WITHOUT_A_VISIT)


def _audience(dependant: Dependant) -> tuple[Role, bool] | None:
    """Return the least role that the route asks for, and whether only for those who see every mailbox."""
    for one in dependant.dependencies:
        for role in Role:
            if one.call is not None and one.call.__closure__ and role in _cells(one.call):
                return role, False
        if one.call is not None and one.call.__name__ in ROLES:
            role_name, whole = ROLES[one.call.__name__]
            return Role(role_name), whole
    return None


def _cells(call: Callable[..., object]) -> list[object]:
    closure = getattr(call, "__closure__", None) or ()
    return [cell.cell_contents for cell in closure if isinstance(cell.cell_contents, Role)]


def test_every_route_says_whom_it_is_for() -> None:
    assert [route.path for route in _routes() if _audience(route.dependant) is None] == []
    assert visit.visiting.__name__ in ROLES


def test_every_act_asks_for_a_role_unless_it_is_about_oneself() -> None:
    for route in _routes():
        if "POST" in (route.methods or ()) and not route.path.startswith("/me/"):
            audience = _audience(route.dependant)
            assert audience is not None
            assert audience[0].covers(Role.CLERK), route.path


@pytest.mark.parametrize("name", PEOPLE)
def test_no_person_gets_past_a_route_for_others(log_in: Callable[[str], Browser], name: str) -> None:
    browser = log_in(name)
    role, whole = PEOPLE[name]
    let_in = []
    csrf = browser.csrf("/me")
    for route in _routes():
        wanted, wanted_whole = _audience(route.dependant) or (Role.VIEWER, False)
        if role.covers(wanted) and (whole or not wanted_whole):
            continue
        path = sample_of(route)
        for method in route.methods or ():
            answer = browser.post(path, csrf=csrf) if method == "POST" else browser.get(path)
            let_in += [] if answer.status_code == 403 else [(method, path, answer.status_code)]

    assert let_in == []


@pytest.mark.parametrize("name", ["part", "part-admin"])
def test_no_page_names_a_mailbox_to_a_person_who_may_not_see_it(
    log_in: Callable[[str], Browser], name: str
) -> None:
    browser = log_in(name)
    named = [
        route.path
        for route in _routes()
        if "GET" in (route.methods or ()) and "acme" in browser.get(sample_of(route)).text
    ]

    assert named == []
