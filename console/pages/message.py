"""One message: why it waits, its timeline with the evidence behind each step, and its events."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from config.texts import _
from console.pages.decide import CONSEQUENCES
from console.pages.seen_messages import details_of, receipts_of
from console.visit import Reader, Visit
from pec.names import Queue
from pec.operations.messages.message_events import load_events
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
    details = details_of(visit, message_id)
    if len(details) > 1:
        return visit.page("job.html", job=message_id, messages=[one.message for one in details])
    detail = details[0]
    numbers = {_id_of(receipt): at for at, receipt in enumerate(receipts_of(visit, detail.message))}
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


def _id_of(receipt: Receipt) -> tuple[object, ...]:
    """Return what distinguishes a receipt from the others of its message."""
    return receipt.kind, receipt.date, receipt.named, receipt.original, receipt.subject


def _step(one: Happened, numbers: dict[tuple[object, ...], int]) -> Step:
    return Step(one, numbers.get(_id_of(one.what)) if isinstance(one.what, Receipt) else None)


def _endpoints(visit: Visit) -> Sequence[str]:
    return [one.name for one in visit.overview().endpoints]
