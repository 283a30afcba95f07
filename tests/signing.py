"""Receipts that a test authority's providers signed: what the tests of verification judge, whole or spoilt."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

from archive import trust
from archive.chain import Profile
from archive.signatures import Verification
from archive.signatures import verify as judge
from sandbox.authority import Authority, Signer, make_authority, make_signer
from sandbox.receipt_signing import Encoded
from sandbox.signed_receipts import ReceiptFacts, signed_receipt

PROVIDER = "posta-certificata@pec.example"
AT = datetime(2026, 11, 20, 10, 30, 0, tzinfo=timezone(timedelta(hours=1)))
PDF = b"%PDF-1.4\r\n\x00\x01 a file that was sent\n%%EOF\n"
SENT = (
    b"From: acme@pec.example\r\nTo: mario@pec.example\r\nSubject: Fattura\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="sent"\r\n\r\n'
    b"--sent\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>In allegato.</p>\r\n"
    b'--sent\r\nContent-Type: application/pdf; name="fattura.pdf"\r\n'
    b'Content-Disposition: attachment; filename="fattura.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    b"JVBERi0xLjQNCgABIGEgZmlsZSB0aGF0IHdhcyBzZW50CiUlRU9GCg==\r\n"
    b"--sent--\r\n"
)
ACCEPTED = ReceiptFacts(
    kind="accettazione",
    at=AT,
    sender="acme@pec.example",
    recipients=["mario@pec.example"],
    subject="Fattura n. 1 è qui",
    identificativo="opec1.20261120103000.1@pec.example",
    message_id="<1@acme.example>",
    text="Il messaggio è stato accettato dal sistema ed inoltrato.",
)
DELIVERED = replace(
    ACCEPTED,
    kind="avvenuta-consegna",
    text="Il messaggio è stato consegnato nella casella di destinazione.",
    receipt_type="completa",
    delivered_to="mario@pec.example",
)
BOUNCED = replace(
    ACCEPTED,
    kind="errore-consegna",
    text="È stato rilevato un errore 5.1.1.",
    delivered_to="mario@pec.example",
    error="no-dest",
    error_text="5.1.1 - Sandbox PEC S.p.A. - indirizzo non valido",
)
ENVELOPE = replace(ACCEPTED, kind="posta-certificata")


@cache
def authority() -> Authority:
    """Return the one whose root the tests trust."""
    return make_authority(domains=["pec.example"])


@cache
def signer() -> Signer:
    return make_signer(authority(), PROVIDER)


@cache
def profiles() -> tuple[Profile, ...]:
    return trust.agid(), Profile("settings", (authority().root,))


def receipt(
    facts: ReceiptFacts = DELIVERED,
    by: Signer | None = None,
    *,
    sent_by: str = PROVIDER,
    postacert: bytes | None = SENT,
    digest: str = "sha256",
    encoded: Encoded = Encoded.DER,
) -> bytes:
    """Return a receipt as a mail."""
    return signed_receipt(
        facts,
        by or signer(),
        sent_by=sent_by,
        receipt_id="opec1.20261120103001.2@pec.example",
        postacert=postacert,
        digest=digest,
        encoded=encoded,
    )


def verified(raw: bytes, **differently: Any) -> Verification:
    return judge(raw, differently.get("profiles", profiles()))
