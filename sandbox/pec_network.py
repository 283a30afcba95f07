"""The simulated PEC network: takes PECs, gives them codes, and lets receipts fall due in mailboxes."""

from dataclasses import dataclass
from threading import Lock

from pec.api.wire import SendRequest
from sandbox.clock import Delays, Instant
from sandbox.codes import Codes
from sandbox.ledger import Ledger
from sandbox.mail_writing import MailWriter, SentPec
from sandbox.mailbox import Mailbox
from sandbox.providers import Providers
from sandbox.scenarios import Due, Fault, Receipt, fault_of, receipts_due, scenario_of
from sandbox.writing import Writing


@dataclass(frozen=True)
class Sending:
    """The result of a send: no code if nothing was sent, and the fault of the answer, if any."""

    code: str | None
    fault: Fault | None


class PecNetwork:
    """Safe for threads. Holds everything in memory. Without `providers` its mails have no originals."""

    def __init__(self, delays: Delays, quota_bytes: int, providers: Providers | None = None) -> None:
        self.quota_bytes = quota_bytes
        self.ledger = Ledger()
        self.writing = Writing()
        self.writer = MailWriter(providers)
        self._delays = delays
        self._codes = Codes()
        self._mailboxes: dict[str, Mailbox] = {}
        self._silent: dict[str, SentPec] = {}  # by code, those without a receipt but ACCETTAZIONE
        self._lock = Lock()

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox of an address, made at the first request."""
        with self._lock:
            return self._mailboxes.setdefault(address.lower(), Mailbox(self.quota_bytes))

    def mailboxes(self) -> dict[str, Mailbox]:
        """Return the mailboxes that are in use, each under its last name: the address, if it sent."""
        with self._lock:
            return {
                address: one for one, address in {one: name for name, one in self._mailboxes.items()}.items()
            }

    def join(self, username: str, address: str) -> None:
        """Open the mailbox of the address to a user who was here before his first send, under his name."""
        with self._lock:
            earlier = self._mailboxes.get(username.lower())
            if earlier:
                self._mailboxes.setdefault(address.lower(), earlier)

    def send(self, outgoing: SendRequest, token_digest: str, at: Instant) -> Sending:
        """Send the PEC, unless its scenario says that nothing leaves."""
        fault = fault_of(outgoing.recipient)
        if fault is Fault.NOTHING_SENT:
            return Sending(None, fault)
        with self._lock:
            code = self._codes.next(at, self.writing.code_digits)
        sent = self.ledger.record_sent(code, outgoing, token_digest, at)
        pec = self.writer.sent_pec(outgoing, sent, at)
        self._dispatch(pec, at)
        if not any(scenario_of(one).steps for one in outgoing.recipient):
            self._silent[code] = pec
        return Sending(code, fault)

    def deliver_late(self, code: str, at: Instant) -> bool:
        """Let the CONSEGNA of a PEC arrive after all. Return whether there is such a PEC, and it had none."""
        pec = self._silent.pop(code, None)
        if pec is None:
            return False
        for recipient in pec.letter.recipients:
            due = Due(Receipt.DELIVERY, recipient, at)
            self.mailbox(pec.letter.sender).expect(self.writer.receipt(due, pec, self.writing))
        return True

    def _dispatch(self, pec: SentPec, at: Instant) -> None:
        own = self.mailbox(pec.letter.sender)
        for due in receipts_due(pec.letter.recipients, at, self._delays):
            if due.receipt is Receipt.DELIVERY and due.recipient:
                self._deliver(pec, due.recipient, due.at)
            own.expect(self.writer.receipt(due, pec, self.writing))
            reply = due.recipient and scenario_of(due.recipient).reply
            if reply and due.recipient:
                own.expect(self.writer.reply(reply, pec, due.recipient, due.at))

    def _deliver(self, pec: SentPec, recipient: str, at: Instant) -> None:
        """Put a mail into a mailbox, if the sandbox uses it: no test could read the others."""
        mailbox = self._mailboxes.get(recipient.lower())
        if mailbox:
            mailbox.expect(self.writer.envelope(pec, recipient, at))
