"""The overview: what needs a person first, what waits, how fast it goes and how long it takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from console.formats import in_path
from console.visit import Reader, Visit
from pec.operations.status.attention import Attention, needs_a_person
from pec.operations.status.lane_forecast import empty_at
from pec.operations.status.overview import Lane, Overview, Token
from pec.users import Role

router = APIRouter()

LINKS = {
    "account": "/mailboxes#{name}",
    "endpoint": "/webhooks/{name}",
    "held": "/decisions",
    "rejected": "/rejected",
    "workers": "/workers",
    "redis": "/redis",
    "batch": "/messages?batch={name}",
    "campaign": "/campaigns?batch={name}",
    "installation": "",
}


@router.get("/")
def show(visit: Reader) -> Response:
    """Show the overview. The page asks for its figures again every five seconds."""
    return visit.page("overview.html", **_figures(visit))


@router.get("/overview/figures")
def figures(visit: Reader) -> Response:
    """Return the part of the page that changes."""
    return visit.page("overview_figures.html", **_figures(visit))


@dataclass(frozen=True, slots=True)
class Row:
    """A mailbox in the table of what waits. `seconds_left` is None if nothing waits, or nothing goes."""

    lane: Lane
    seconds_left: float | None


def _figures(visit: Visit) -> dict[str, object]:
    found = visit.overview()
    lanes = [lane for lane in found.lanes.values() if visit.user.sees(lane.account)]
    rows = [Row(lane, _seconds_left(found, lane)) for lane in lanes]
    left = [row.seconds_left for row in rows if row.seconds_left is not None]
    return {
        "found": found,
        "rows": rows,
        "seen": [lane.account for lane in lanes],
        "tokens": _tokens(visit, found),
        "waiting": sum(lane.waiting for lane in lanes),
        "seconds_left": max(left, default=None),
        "needs": [(one, _link(visit, one)) for one in _needs(visit, found)],
    }


def _needs(visit: Visit, found: Overview) -> Sequence[Attention]:
    """Return what needs a person; what is about a mailbox only to those who see it."""
    return [
        one
        for one in needs_a_person(found)
        if (visit.user.sees(one.name) if one.kind == "account" else visit.user.sees_everything)
    ]


def _link(visit: Visit, one: Attention) -> str:
    """Return where a person puts it right: for a batch its campaign, if the person may have one."""
    kind = "campaign" if one.kind == "batch" and visit.user.may(Role.CLERK) else one.kind
    return LINKS[kind].format(name=in_path(one.name))


def _tokens(visit: Visit, found: Overview) -> list[Token]:
    return [token for token in found.tokens.values() if any(map(visit.user.sees, token.accounts))]


def _seconds_left(found: Overview, lane: Lane) -> float | None:
    ends = empty_at(found, lane.account)
    return None if ends is None else (ends - found.now).total_seconds()
