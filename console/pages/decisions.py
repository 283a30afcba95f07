"""Held messages: each with what the looks at the mailbox showed, for a person to decide."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from console.pages.decide import CONSEQUENCES
from console.visit import Reader
from pec.names import State
from pec.operations.messages.message_search import MAX_CURSOR, find_page
from pec.operations.messages.message_search import Query as Wanted

PAGE = 25

router = APIRouter()


@router.get("/decisions")
def show(visit: Reader, cursor: Annotated[str, Query(max_length=MAX_CURSOR)] = "") -> Response:
    """List what is held, newest first."""
    found = find_page(visit.store, Wanted(states=[State.HELD], accounts=visit.user.accounts), cursor, PAGE)
    return visit.page("decisions.html", found=found, consequences=CONSEQUENCES)
