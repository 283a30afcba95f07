"""The original of each mail of the network. It is signed when it is read, each time with the same bytes."""

from dataclasses import dataclass

from sandbox.flaws import Flaw, spoil
from sandbox.mail import head_of
from sandbox.pec_mail import PecMail
from sandbox.providers import Providers
from sandbox.receipt_signing import Encoded
from sandbox.receipt_texts import RECEIPTS_SENDER
from sandbox.signed_receipts import ReceiptFacts, receipt_head, receipt_size, signed_receipt


@dataclass(frozen=True, slots=True)
class SignedMail:
    """A receipt, or an envelope. `pec`: the PEC inside."""

    providers: Providers
    facts: ReceiptFacts
    receipt_id: str
    pec: PecMail | None = None

    @property
    def size_bytes(self) -> int:
        return size_of(self.facts, self.receipt_id, self.pec, self.providers.p7s_bytes)

    def head(self) -> bytes:
        return receipt_head(self.facts, sent_by=RECEIPTS_SENDER, receipt_id=self.receipt_id)

    def whole(self) -> bytes:
        return signed_receipt(
            self.facts,
            self.providers.own,
            sent_by=RECEIPTS_SENDER,
            receipt_id=self.receipt_id,
            postacert=self.pec.whole() if self.pec else None,
        )


@dataclass(frozen=True, slots=True)
class FlawedMail:
    """A receipt with a flaw."""

    sound: SignedMail
    flaw: Flaw

    @property
    def size_bytes(self) -> int:
        return len(self.whole())

    def head(self) -> bytes:
        return head_of(self.whole())

    def whole(self) -> bytes:
        pec = None if self.flaw is Flaw.NO_POSTACERT else self.sound.pec
        providers = self.sound.providers
        signers = {Flaw.FOREIGN_CA: providers.foreign, Flaw.EXPIRED: providers.expired}
        signed = signed_receipt(
            self.sound.facts,
            signers.get(self.flaw, providers.own),
            sent_by=RECEIPTS_SENDER,
            receipt_id=self.sound.receipt_id,
            postacert=pec.whole() if pec else None,
            digest="sha1" if self.flaw is Flaw.SHA1 else "sha256",
            encoded=Encoded.BER if self.flaw is Flaw.BER else Encoded.DER,
        )
        return spoil(signed, self.flaw)


def size_of(facts: ReceiptFacts, receipt_id: str, pec: PecMail | None, p7s_bytes: int) -> int:
    """Return the size of a receipt without a flaw. Nothing is signed for it, and no file encoded."""
    return receipt_size(
        facts,
        sent_by=RECEIPTS_SENDER,
        receipt_id=receipt_id,
        postacert_bytes=pec.size_bytes if pec else None,
        p7s_bytes=p7s_bytes,
    )
