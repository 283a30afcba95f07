"""Decisions about a held message: each with a second question, which names the consequence."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Response

from config.texts import Text, _
from console.pages.seen_messages import details_of, one_message, page_of
from console.visit import Operator
from pec.names import State
from pec.operations import actions

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Consequence:
    """A decision, and the second question that names what follows from it."""

    name: Text
    question: Text
    consequence: Text
    kind: str


CONSEQUENCES = {
    "resend": Consequence(
        _("Send again"),
        _("Send {id} again?"),
        _(
            "Workers look for it in the mailbox once more. If they don't find it, they send it. If the first "
            "attempt did arrive after all, the recipient gets the PEC twice, and it is charged twice."
        ),
        "primary",
    ),
    "discard": Consequence(
        _("Give up"),
        _("Give {id} up?"),
        _(
            "The message becomes failed and is never sent again. If the first attempt did arrive, the recipient "
            "has the PEC, and its late receipts are still taken. This can't be undone."
        ),
        "danger",
    ),
}


@router.get("/messages/{message_id}/{decision}")
def ask(visit: Operator, message_id: str, decision: str, back: str = "") -> Response:
    """Ask the second question, which names the consequence."""
    asked = _consequence(decision)
    message = one_message(visit, message_id)
    if message.state is not State.HELD:
        return visit.go(page_of(message.id), _("It is not held: nothing is to be decided."), refused=True)
    detail = details_of(visit, message.id)[0]
    return visit.page(
        "decide.html", detail=detail, message=message, decision=decision, asked=asked, back=back
    )


@router.post("/messages/{message_id}/{decision}")
def decide(visit: Operator, message_id: str, decision: str, back: Annotated[str, Form()] = "") -> Response:
    """Do what the person decided, after the second question."""
    _consequence(decision)
    message = one_message(visit, message_id)

    def act() -> str:
        if decision == "resend":
            actions.resend(visit.store, message.id)
            return _("{id} is looked for once more, then sent again.").format(id=message.id)
        actions.discard(visit.store, message.id)
        return _("{id} was given up: it has failed.").format(id=message.id)

    target = "/decisions" if back == "decisions" else page_of(message.id)
    return visit.act(
        act,
        action=f"message.{decision}",
        subject=f"message:{message.id}",
        back=target,
        details={"account": message.account, "attempts": message.attempts},
    )


def _consequence(decision: str) -> Consequence:
    if decision not in CONSEQUENCES:
        raise HTTPException(404)
    return CONSEQUENCES[decision]
