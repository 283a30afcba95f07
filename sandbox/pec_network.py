"""The simulated PEC network: takes PECs, gives them codes, and lets receipts fall due in mailboxes."""

from dataclasses import dataclass
from threading import Lock

from pec.api.wire import SendRequest
from sandbox.clock import Delays, Instant
from sandbox.codes import Codes
from sandbox.ledger import Ledger
from sandbox.mailbox import Mail, Mailbox
from sandbox.receipt_texts import RECEIPTS_SENDER, Letter, identifier_of, write
from sandbox.scenarios import Due, Fault, Receipt, fault_of, receipts_due
from sandbox.writing import Writing


@dataclass(frozen=True)
class Sending:
    """The result of a send: no code if nothing was sent, and the fault of the answer, if any."""

    code: str | None
    fault: Fault | None


class PecNetwork:
    """Safe for threads. Holds everything in memory."""

    def __init__(self, delays: Delays, quota_bytes: int) -> None:
        self.quota_bytes = quota_bytes
        self.ledger = Ledger()
        self.writing = Writing()
        self._delays = delays
        self._codes = Codes()
        self._mailboxes: dict[str, Mailbox] = {}
        self._lock = Lock()

    def mailbox(self, address: str) -> Mailbox:
        """Made when it is first asked for."""
        with self._lock:
            return self._mailboxes.setdefault(address.lower(), Mailbox(self.quota_bytes))

    def mailboxes(self) -> dict[str, Mailbox]:
        """Return the mailboxes that are in use, by address."""
        with self._lock:
            return dict(self._mailboxes)

    def send(self, outgoing: SendRequest, token_digest: str, at: Instant) -> Sending:
        """Send the PEC, unless its story says that nothing leaves."""
        fault = fault_of(outgoing.recipient)
        if fault is Fault.NOTHING_SENT:
            return Sending(None, fault)
        with self._lock:
            code = self._codes.next(at, self.writing.code_digits)
        self.ledger.record_sent(code, outgoing, token_digest, at)
        self._dispatch(outgoing, code, at)
        return Sending(code, fault)

    def _dispatch(self, outgoing: SendRequest, code: str, at: Instant) -> None:
        subject = f"{outgoing.subject} {code}"
        letter = Letter(outgoing.sender, outgoing.recipient, subject, identifier_of(code))
        own = self.mailbox(outgoing.sender)
        for due in receipts_due(outgoing.recipient, at, self._delays):
            if due.receipt is Receipt.DELIVERY and due.recipient:
                self._deliver(outgoing, subject, due.recipient, due.at)
            own.expect(_receipt(due, letter, outgoing, self.writing))

    def _deliver(self, outgoing: SendRequest, subject: str, recipient: str, at: Instant) -> None:
        """Put a mail into a mailbox, if the sandbox uses it: no test could read the others."""
        mailbox = self._mailboxes.get(recipient.lower())
        if mailbox:
            mailbox.expect(
                Mail(
                    sender=f'"Per conto di: {outgoing.sender}" <{RECEIPTS_SENDER}>',
                    recipient=recipient,
                    at=at,
                    subject=f"POSTA CERTIFICATA: {subject}",
                    text=outgoing.body,
                    size_bytes=outgoing.size_bytes,
                )
            )


def _receipt(due: Due, letter: Letter, outgoing: SendRequest, writing: Writing) -> Mail:
    """Addressed to the sender's own mailbox. CONSEGNA repeats the whole message, and weighs as much."""
    subject, text = write(due, letter, writing)
    carried_bytes = outgoing.size_bytes if due.receipt is Receipt.DELIVERY else 0
    return Mail(
        sender=RECEIPTS_SENDER,
        recipient=outgoing.sender,
        at=due.at,
        subject=subject,
        text=text,
        size_bytes=len(text.encode()) + carried_bytes,
    )
