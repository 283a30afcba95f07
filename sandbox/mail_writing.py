"""Writes the mails of the network: receipts, envelopes, and what people write, with originals for IMAP."""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from pec.api.wire import SendRequest
from sandbox.clock import Instant
from sandbox.flaws import Flaw
from sandbox.ledger import AttachmentSent, PecSent
from sandbox.mail import Kind, Mail, Original, Raw
from sandbox.ordinary_mail import Draft, ordinary_mail
from sandbox.originals import FlawedMail, SignedMail, size_of
from sandbox.pec_mail import FileContent, PecFile, PecMail
from sandbox.providers import USUAL_P7S_BYTES, Providers
from sandbox.receipt_texts import PROVIDER, RECEIPTS_SENDER, Letter, identifier_of, write
from sandbox.scenarios import Due, Receipt, Reply, scenario_of
from sandbox.signed_receipts import ENVELOPE, ReceiptFacts
from sandbox.writing import Writing


@dataclass(frozen=True, slots=True)
class Certified:
    """The words of `daticert.xml` for a receipt."""

    kind: str
    error: str = "nessuno"
    error_text: str = ""


_CERTIFIED = {
    Receipt.ACCEPTANCE: Certified("accettazione"),
    Receipt.REFUSAL: Certified("non-accettazione", "altro", "indirizzo di un destinatario non valido"),
    Receipt.VIRUS_REFUSAL: Certified(
        "non-accettazione", "virus", f"5.5.1 - {PROVIDER} - presenza di un virus"
    ),
    Receipt.DELIVERY: Certified("avvenuta-consegna"),
    Receipt.NON_DELIVERY: Certified(
        "errore-consegna", "no-dest", f"5.1.1 - {PROVIDER} - indirizzo non valido"
    ),
    Receipt.FULL_MAILBOX: Certified("errore-consegna", "altro", f"5.2.2 - {PROVIDER} - casella piena"),
    Receipt.TWELVE_HOURS: Certified("preavviso-errore-consegna", "altro"),
    Receipt.TWENTY_FOUR_HOURS: Certified("preavviso-errore-consegna", "altro", f"5.4.1 - {PROVIDER}"),
}
_NUMBERS = {receipt: number for number, receipt in enumerate(Receipt, 2)}


@dataclass(frozen=True, slots=True)
class SentPec:
    """A PEC that left."""

    code: str
    letter: Letter
    mail: PecMail

    @property
    def ordinary(self) -> list[str]:
        """Return the recipients that are no PEC."""
        return [one for one in self.letter.recipients if not scenario_of(one).certified]


class MailWriter:
    """Safe for threads. Without `providers` no original is kept, because there is no IMAP door."""

    def __init__(self, providers: Providers | None) -> None:
        self._providers = providers
        self._contents: WeakValueDictionary[str, FileContent] = WeakValueDictionary()  # by SHA-256

    def sent_pec(self, outgoing: SendRequest, sent: PecSent, at: Instant) -> SentPec:
        """Return the PEC as it left."""
        letter = Letter(
            outgoing.sender, outgoing.recipient, f"{outgoing.subject} {sent.code}", identifier_of(sent.code)
        )
        files = [
            self._file(known, one.file)
            for known, one in zip(sent.attachments, outgoing.attachments, strict=True)
        ]
        mail = PecMail(
            sender=letter.sender,
            recipients=letter.recipients,
            subject=letter.subject,
            at=at.in_rome(),
            identificativo=letter.identifier,
            message_id=f"<{sent.code}@ws.{PROVIDER}>",
            body=outgoing.body,
            files=files,
        )
        return SentPec(sent.code, letter, mail)

    def receipt(self, due: Due, pec: SentPec, writing: Writing) -> Mail:
        """Return a receipt, addressed to the sender's own mailbox. CONSEGNA repeats the whole message."""
        subject, text = write(due, pec.letter, writing)
        certified = _CERTIFIED[due.receipt]
        facts = ReceiptFacts(
            kind=certified.kind,
            at=due.at.in_rome(),
            sender=pec.letter.sender,
            recipients=pec.letter.recipients,
            subject=pec.letter.subject,
            identificativo=pec.letter.identifier,
            message_id=pec.mail.message_id,
            text=text,
            ordinary=pec.ordinary,
            delivered_to=due.recipient or "",
            receipt_type="completa" if due.receipt is Receipt.DELIVERY else "",
            error=certified.error,
            error_text=certified.error_text,
            heading=subject,
        )
        number = f"{_NUMBERS[due.receipt]}.{_position(pec.letter.recipients, due.recipient)}"
        inside = pec.mail if due.receipt is Receipt.DELIVERY else None
        flaw = scenario_of(due.recipient).flaw if due.recipient else None
        receipt_id = f"opec1.{pec.code}.{number}@{PROVIDER}"
        return self._signed(RECEIPTS_SENDER, pec.letter.sender, due.at, facts, receipt_id, inside, flaw)

    def envelope(self, pec: SentPec, recipient: str, at: Instant) -> Mail:
        """Return the PEC as the recipient gets it."""
        return self._envelope(pec.mail, recipient, at, pec.ordinary)

    def reply(self, reply: Reply, pec: SentPec, recipient: str, at: Instant) -> Mail:
        """Return the recipient's answer, which quotes the PEC's Message-ID."""
        subject = f"Re: {pec.letter.subject}"
        draft = Draft(recipient, pec.letter.sender, at, subject, "Ricevuto.", pec.mail.message_id)
        return self.ordinary(draft) if reply is Reply.ORDINARY else self.pec(draft)

    def pec(self, draft: Draft) -> Mail:
        """Return a PEC from another sender, in its provider's envelope."""
        number = f"{draft.at.monotonic_seconds:.6f}".replace(".", "")
        written = PecMail(
            sender=draft.sender,
            recipients=[draft.recipient],
            subject=draft.subject,
            at=draft.at.in_rome(),
            identificativo=f"opec9.{number}.1@{PROVIDER}",
            message_id=f"<{number}@{draft.sender.rpartition('@')[2]}>",
            body=draft.text,
            files=[PecFile(name, len(content), FileContent(content)) for name, content in draft.files],
            in_reply_to=draft.in_reply_to,
        )
        return self._envelope(written, draft.recipient, draft.at)

    def ordinary(self, draft: Draft) -> Mail:
        """Return a mail that is no PEC, as from anyone."""
        raw = Raw(ordinary_mail(draft))
        original = raw if self._providers else None
        return Mail(
            draft.sender, draft.recipient, draft.at, draft.subject, draft.text, raw.size_bytes, original
        )

    def _envelope(self, pec: PecMail, recipient: str, at: Instant, ordinary: Sequence[str] = ()) -> Mail:
        facts = ReceiptFacts(
            kind=ENVELOPE,
            at=at.in_rome(),
            sender=pec.sender,
            recipients=pec.recipients,
            subject=pec.subject,
            identificativo=pec.identificativo,
            message_id=pec.message_id,
            text=pec.body,
            ordinary=ordinary,
        )
        sender = f'"Per conto di: {pec.sender}" <{RECEIPTS_SENDER}>'
        return self._signed(sender, recipient, at, facts, pec.identificativo, pec)

    def _signed(
        self,
        sender: str,
        recipient: str,
        at: Instant,
        facts: ReceiptFacts,
        receipt_id: str,
        inside: PecMail | None,
        flaw: Flaw | None = None,
    ) -> Mail:
        original: Original | None = None
        if self._providers:
            sound = SignedMail(self._providers, facts, receipt_id, inside)
            original = FlawedMail(sound, flaw) if flaw else sound
            size_bytes = original.size_bytes
        else:
            size_bytes = size_of(facts, receipt_id, inside, USUAL_P7S_BYTES)
        subject = facts.heading or f"POSTA CERTIFICATA: {facts.subject}"
        kind: Kind = "envelope" if facts.kind == ENVELOPE else "receipt"
        return Mail(sender, recipient, at, subject, facts.text, size_bytes, original, kind)

    def _file(self, known: AttachmentSent, content: bytes) -> PecFile:
        if not self._providers:
            return PecFile(known.name, known.size, None)
        kept = self._contents.setdefault(known.sha256, FileContent(content))
        return PecFile(known.name, known.size, kept)


def _position(recipients: Sequence[str], recipient: str | None) -> int:
    return recipients.index(recipient) + 1 if recipient else 0
