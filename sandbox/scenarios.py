"""The fate of a PEC: the table of scenarios, chosen by the recipient's local part up to a `+`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from sandbox.clock import Delays, Instant
from sandbox.flaws import Flaw


class Receipt(StrEnum):
    """A notice that the PEC network writes to the sender. Its wording is in `texts`."""

    ACCEPTANCE = auto()
    REFUSAL = auto()
    VIRUS_REFUSAL = auto()
    DELIVERY = auto()
    NON_DELIVERY = auto()
    FULL_MAILBOX = auto()
    TWELVE_HOURS = auto()  # a warning: CONSEGNA may still come
    TWENTY_FOUR_HOURS = auto()  # final


class Fault(StrEnum):
    """How the answer of POST /send goes wrong."""

    NOTHING_SENT = auto()  # 500, and no PEC left
    SENT_THEN_ERROR = auto()  # the PEC left, then 500
    SENT_NO_ANSWER = auto()  # the PEC left, the connection stays open and silent
    SENT_THEN_RESET = auto()  # the PEC left, then a TCP RST


class Reply(StrEnum):
    """The recipient's answer, right after the delivery."""

    PEC = auto()
    ORDINARY = auto()


@dataclass(frozen=True)
class Step:
    """A receipt about one recipient: so many simulated hours after the send, or after the delivery delay."""

    receipt: Receipt
    hours: int | None = None

    def due(self, sent_at: Instant, delays: Delays) -> Instant:
        if self.hours is None:
            return sent_at.after(delays.delivery_seconds)
        return sent_at.after(self.hours * delays.hour_seconds)


@dataclass(frozen=True)
class Scenario:
    """A `refusal` takes the place of ACCETTAZIONE and ends the whole message, whatever other recipients it has.

    A `flaw` is that of the originals of all steps.
    """

    steps: tuple[Step, ...] = (Step(Receipt.DELIVERY),)
    refusal: Receipt | None = None
    certified: bool = True
    fault: Fault | None = None
    flaw: Flaw | None = None
    reply: Reply | None = None


DELIVERED = Scenario()
SCENARIOS = {
    "consegna": DELIVERED,
    "mancata-consegna": Scenario((Step(Receipt.NON_DELIVERY),)),
    "casella-piena": Scenario((Step(Receipt.FULL_MAILBOX),)),
    "non-accettazione": Scenario(refusal=Receipt.REFUSAL),
    "virus": Scenario(refusal=Receipt.VIRUS_REFUSAL),
    "preavviso": Scenario((Step(Receipt.TWELVE_HOURS, hours=12), Step(Receipt.DELIVERY, hours=13))),
    "tempo-massimo": Scenario(
        (Step(Receipt.TWELVE_HOURS, hours=12), Step(Receipt.TWENTY_FOUR_HOURS, hours=24)),
    ),
    "posta-ordinaria": Scenario((), certified=False),
    "silenzio": Scenario(()),
    "errore-500": Scenario(fault=Fault.NOTHING_SENT),
    "errore-500-inviata": Scenario(fault=Fault.SENT_THEN_ERROR),
    "risposta-persa": Scenario(fault=Fault.SENT_NO_ANSWER),
    "connessione-chiusa": Scenario(fault=Fault.SENT_THEN_RESET),
    "risposta": Scenario(reply=Reply.PEC),
    "risposta-ordinaria": Scenario(reply=Reply.ORDINARY),
    "contenuto-alterato": Scenario(flaw=Flaw.ALTERED),
    "intestazioni-cambiate": Scenario((Step(Receipt.NON_DELIVERY),), flaw=Flaw.HEADERS_CHANGED),
    "terza-parte": Scenario(flaw=Flaw.THIRD_PART),
    "ca-estranea": Scenario(flaw=Flaw.FOREIGN_CA),
    "firma-scaduta": Scenario(flaw=Flaw.EXPIRED),
    "senza-postacert": Scenario(flaw=Flaw.NO_POSTACERT),
    "firma-ber": Scenario(flaw=Flaw.BER),
    "firma-sha1": Scenario(flaw=Flaw.SHA1),
    "righe-lf": Scenario(flaw=Flaw.LF),
    "senza-firma": Scenario(flaw=Flaw.UNSIGNED),
}


def scenario_of(address: str) -> Scenario:
    """Return an address's scenario: `virus+3@pec.example` → `virus`; any other name is delivered."""
    name = address.partition("@")[0].partition("+")[0].lower()
    return SCENARIOS.get(name, DELIVERED)


def fault_of(recipients: Sequence[str]) -> Fault | None:
    """Return the fault of the first recipient that has one."""
    return next((story.fault for story in map(scenario_of, recipients) if story.fault), None)


@dataclass(frozen=True)
class Due:
    """A receipt to come. `recipient` is None if it is about the whole message."""

    receipt: Receipt
    recipient: str | None
    at: Instant


def receipts_due(recipients: Sequence[str], sent_at: Instant, delays: Delays) -> Iterator[Due]:
    """Return one ACCETTAZIONE or refusal for the message, then the receipts of each recipient's scenario."""
    accepted_at = sent_at.after(delays.acceptance_seconds)
    refusal = next((story.refusal for story in map(scenario_of, recipients) if story.refusal), None)
    if refusal:
        yield Due(refusal, None, accepted_at)
        return
    yield Due(Receipt.ACCEPTANCE, None, accepted_at)
    for recipient in recipients:
        for step in scenario_of(recipient).steps:
            yield Due(step.receipt, recipient, step.due(sent_at, delays))
