"""One message: why it waits, its timeline with the evidence behind each step, events, and what a person can decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Response

from archive import contents
from archive.vault import VaultError
from archive.vault.installation import open_vault
from config.texts import Text, _
from console.downloads import download
from console.visit import Operator, Reader, Visit
from pec.messages import Message
from pec.names import Queue, State
from pec.operations import actions
from pec.operations.message_detail import MessageDetail, load_details
from pec.operations.message_events import load_events
from pec.operations.receipts import load_receipts
from pec.operations.refusals import Refused
from pec.receipts import Kind, Receipt
from pec.status_codes import meaning_of
from pec.timeline import Happened

router = APIRouter()

RECEIPTS = {
    Kind.ACCETTAZIONE: "ACCETTAZIONE",
    Kind.NON_ACCETTAZIONE: "NON ACCETTAZIONE",
    Kind.CONSEGNA: "CONSEGNA",
    Kind.MANCATA_CONSEGNA: "MANCATA CONSEGNA",
    Kind.PREAVVISO: "MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
}
VERDICTS = {
    "verified": (_("signature verified"), "good"),
    "intact": (_("intact, authority unknown"), "warns"),
    "altered": (_("altered: proves nothing"), "bad"),
    "unsigned": (_("unsigned: proves nothing"), "bad"),
}
NEXT = {
    Queue.RELEASE: _("it goes into its lane, or expires"),
    Queue.SEND: _("it is sent when its turn comes"),
    Queue.CHECK: _("the mailbox is asked for receipts"),
    Queue.LOOKUP: _("the mailbox is searched for it"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A state or a receipt of the timeline. `number` is the receipt's place among its message's, for downloads."""

    happened: Happened
    number: int | None = None

    @property
    def receipt(self) -> Receipt | None:
        """Return the receipt, or None for a state."""
        return self.happened.what if isinstance(self.happened.what, Receipt) else None


@router.get("/messages/{message_id}")
def show(visit: Reader, message_id: str) -> Response:
    """Show a message, or those of a job that made several."""
    details = _details(visit, message_id)
    if len(details) > 1:
        return visit.page("job.html", job=message_id, messages=[one.message for one in details])
    detail = details[0]
    numbers = {id_of(receipt): at for at, receipt in enumerate(receipts_of(visit, detail.message))}
    return visit.page(
        "message.html",
        detail=detail,
        message=detail.message,
        steps=[_step(one, numbers) for one in detail.happened],
        events=load_events(visit.store, detail.message, detail.happened, _endpoints(visit)),
        receipt_names=RECEIPTS,
        verdicts=VERDICTS,
        next_steps=NEXT,
        meaning_of=meaning_of,
        consequences=CONSEQUENCES,
    )


@router.get("/messages/{message_id}/receipts/{number}.eml")
def original(visit: Reader, message_id: str, number: int) -> Response:
    """Download a receipt as it was signed."""
    receipt = _receipt(visit, message_id, number)
    if receipt.original is None:
        raise HTTPException(404)
    try:
        data = contents.original(open_vault(visit.settings.archive, visit.store), receipt.original)
    except VaultError as error:
        raise Refused("archive", str(error)) from None
    return download(data, f"{message_id}-{number}-{receipt.kind}.eml", "message/rfc822")


@router.get("/messages/{message_id}/receipts/{number}.txt")
def text(visit: Reader, message_id: str, number: int) -> Response:
    """Download the text of a receipt."""
    receipt = _receipt(visit, message_id, number)
    return download((receipt.text or "").encode(), f"{message_id}-{number}-{receipt.kind}.txt", "text/plain")


@router.get("/messages/{message_id}/attachments/{number}")
def attachment(visit: Reader, message_id: str, number: int) -> Response:
    """Download an attachment that was sent, or is to be."""
    message = _one(visit, message_id)
    if not 0 <= number < len(message.attachments):
        raise HTTPException(404)
    file = message.attachments[number]
    vault = open_vault(visit.settings.archive, visit.store)
    try:
        data = contents.read(visit.store, vault, [file.sha256])[file.sha256]
    except VaultError as error:
        raise Refused("archive", str(error)) from None
    except KeyError:
        raise Refused("content_missing", _("its bytes are no longer kept: look into the receipts")) from None
    return download(data, file.name, "application/octet-stream")


# Decisions about a held message


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
    message = _one(visit, message_id)
    if message.state is not State.HELD:
        return visit.go(
            f"/messages/{_path(message.id)}", _("It is not held: nothing is to be decided."), refused=True
        )
    detail = _details(visit, message.id)[0]
    return visit.page(
        "decide.html", detail=detail, message=message, decision=decision, asked=asked, back=back
    )


@router.post("/messages/{message_id}/{decision}")
def decide(visit: Operator, message_id: str, decision: str, back: Annotated[str, Form()] = "") -> Response:
    """Do what the person decided, after the second question."""
    _consequence(decision)
    message = _one(visit, message_id)

    def act() -> str:
        if decision == "resend":
            actions.resend(visit.store, message.id)
            return _("{id} is looked for once more, then sent again.").format(id=message.id)
        actions.discard(visit.store, message.id)
        return _("{id} was given up: it has failed.").format(id=message.id)

    target = "/decisions" if back == "decisions" else f"/messages/{_path(message.id)}"
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


# Reading


def receipts_of(visit: Visit, message: Message) -> list[Receipt]:
    """Return the receipts of a message in the order that downloads count."""
    return [receipt for _id, receipt in load_receipts(visit.store, message.id)]


def id_of(receipt: Receipt) -> tuple[object, ...]:
    """Return what distinguishes a receipt from the others of its message."""
    return receipt.kind, receipt.date, receipt.named, receipt.original, receipt.subject


def _details(visit: Visit, message_id: str) -> list[MessageDetail]:
    """Return the messages of an id that the person may see. Raise 404 if there is none.

    Only who sees everything learns why: the reason says something about the message.
    """
    try:
        found = load_details(visit.store, visit.settings, message_id)
    except Refused as refused:
        raise HTTPException(404, str(refused) if visit.user.sees_everything else None) from None
    details = [one for one in found if visit.user.sees(one.message.account)]
    if not details:
        raise HTTPException(404)
    return details


def _one(visit: Visit, message_id: str) -> Message:
    details = _details(visit, message_id)
    if len(details) > 1:
        raise HTTPException(404)
    return details[0].message


def _receipt(visit: Visit, message_id: str, number: int) -> Receipt:
    found = receipts_of(visit, _one(visit, message_id))
    if not 0 <= number < len(found):
        raise HTTPException(404)
    return found[number]


def _step(one: Happened, numbers: dict[tuple[object, ...], int]) -> Step:
    return Step(one, numbers.get(id_of(one.what)) if isinstance(one.what, Receipt) else None)


def _endpoints(visit: Visit) -> Sequence[str]:
    return [one.name for one in visit.overview().endpoints]


def _path(message_id: str) -> str:
    return message_id.replace("#", "%23")
