"""Endpoints of webhooks: how each stands, dead letters, and their replay."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from config.texts import _, ngettext
from console.formats import in_path
from console.visit import WholeOperator, WholeReader
from pec.instants import ROME
from pec.operations import actions
from pec.operations.dead_letters import page_of_dead_letters
from pec.operations.refusals import Refused

LETTERS = 50

router = APIRouter()


@router.get("/webhooks")
def show(visit: WholeReader, before: Annotated[str, Query(max_length=50)] = "") -> Response:
    """Show endpoints, and a page of dead letters."""
    letters, older = page_of_dead_letters(visit.store, None, before, LETTERS)
    return visit.page("webhooks.html", endpoints=visit.overview().endpoints, letters=letters, older=older)


@router.get("/webhooks/{endpoint}/replay")
def ask(visit: WholeOperator, endpoint: str) -> Response:
    """Ask what is to be delivered again."""
    found = next((one for one in visit.overview().endpoints if one.name == endpoint), None)
    if found is None:
        return visit.go("/webhooks", _("There is no such endpoint."), refused=True)
    return visit.page("replay.html", endpoint=found)


@router.post("/webhooks/{endpoint}/replay")
def replay(
    visit: WholeOperator,
    endpoint: str,
    since: Annotated[str, Form()] = "",
    letter: Annotated[str, Form()] = "",
) -> Response:
    """Deliver one dead letter again, or all of them, or all events since a time in Rome."""

    def act() -> str:
        if not since:
            chosen = [letter] if letter else None
            count = actions.replay_dead(visit.store, visit.settings, endpoint, chosen)
            said = ngettext(
                "{count} dead letter is on its way again.",
                "{count} dead letters are on their way again.",
                count,
            )
            return said.format(count=count)
        if actions.replay_since(visit.store, endpoint, _instant(since)):
            return _("All events since then are on their way again.")
        return _("The endpoint has not reached that point yet: it will receive those events anyway.")

    return visit.act(
        act,
        action="endpoint.replay",
        subject=f"endpoint:{endpoint}",
        back=f"/webhooks/{in_path(endpoint)}",
        details={"since": since or letter[:50] or "dead"},
    )


@router.post("/webhooks/{endpoint}/enable")
def enable(visit: WholeOperator, endpoint: str) -> Response:
    """Try everything that waits for an endpoint now."""

    def act() -> str:
        actions.enable_endpoint(visit.store, visit.settings, endpoint)
        return _("Endpoint {name} is tried again now.").format(name=endpoint)

    back = f"/webhooks/{in_path(endpoint)}"
    return visit.act(act, action="endpoint.enable", subject=f"endpoint:{endpoint}", back=back)


def _instant(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=ROME)
    except ValueError:
        raise Refused("bad_instant", _("that is no time: choose a day and a time")) from None
