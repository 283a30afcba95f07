"""Receipts as providers write them: the text, `daticert.xml` and the PEC inside, signed as a whole (RFC 6109)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from pec.domains import on_the_wire
from sandbox.authority import Signer
from sandbox.pec_mail import base64_lines, encoded_bytes, encoded_header
from sandbox.receipt_signing import Encoded, sign_mail, signed_head, signed_size

HEADINGS = {
    "accettazione": "ACCETTAZIONE",
    "non-accettazione": "AVVISO DI NON ACCETTAZIONE",
    "avvenuta-consegna": "CONSEGNA",
    "errore-consegna": "AVVISO DI MANCATA CONSEGNA",
    "preavviso-errore-consegna": "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
    "posta-certificata": "POSTA CERTIFICATA",
}
ENVELOPE = "posta-certificata"

_TEXT = b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
_DATICERT = (
    b'Content-Type: application/xml; name="daticert.xml"\r\n'
    b'Content-Disposition: inline; filename="daticert.xml"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
)
_POSTACERT = (
    b'Content-Type: message/rfc822; name="postacert.eml"\r\n'
    b'Content-Disposition: inline; filename="postacert.eml"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n'
)


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """The facts that a provider certifies. `delivered_to`: the recipient that it is about.

    `heading`: the Subject line as it arrives; empty: the kind's heading and the subject.
    """

    kind: str  # of HEADINGS
    at: datetime
    sender: str
    recipients: Sequence[str]
    subject: str
    identificativo: str
    message_id: str
    text: str = ""
    ordinary: Collection[str] = ()  # the recipients that are no PEC
    delivered_to: str = ""
    receipt_type: str = ""
    error: str = "nessuno"
    error_text: str = ""
    provider: str = "Sandbox PEC S.p.A."
    heading: str = ""


def signed_receipt(
    facts: ReceiptFacts,
    signer: Signer,
    *,
    sent_by: str,
    receipt_id: str,
    postacert: bytes | None = None,
    digest: str = "sha256",
    encoded: Encoded = Encoded.DER,
) -> bytes:
    """Return the receipt as a mail with CRLF. `sent_by`: the provider's address. `postacert`: the PEC that was sent."""
    return sign_mail(
        _headers(facts, sent_by, receipt_id),
        content_of(facts, postacert),
        signer,
        at=facts.at,
        digest=digest,
        encoded=encoded,
    )


def receipt_head(facts: ReceiptFacts, *, sent_by: str, receipt_id: str) -> bytes:
    """Return its header lines: nothing has to be signed for them."""
    return signed_head(_headers(facts, sent_by, receipt_id))


def receipt_size(
    facts: ReceiptFacts, *, sent_by: str, receipt_id: str, postacert_bytes: int | None, p7s_bytes: int
) -> int:
    """Return the size of the receipt, with so much of a PEC and of a signature inside."""
    parts = [
        encoded_bytes(len(facts.text.encode())),
        encoded_bytes(len(daticert(facts))),
        postacert_bytes or 0,
    ]
    content_bytes = len(_content(facts, b"", b"", None if postacert_bytes is None else b"")) + sum(parts)
    return signed_size(_headers(facts, sent_by, receipt_id), content_bytes, p7s_bytes)


def content_of(facts: ReceiptFacts, postacert: bytes | None) -> bytes:
    """Return what is signed: text, facts and the PEC."""
    return _content(facts, base64_lines(facts.text.encode()), base64_lines(daticert(facts)), postacert)


def _content(facts: ReceiptFacts, text: bytes, xml: bytes, postacert: bytes | None) -> bytes:
    boundary = f"----------=_{int(facts.at.timestamp())}-{len(facts.subject)}-894"
    parts = [_TEXT + text, _DATICERT + xml]
    if postacert is not None:
        parts.append(_POSTACERT + postacert)
    return b"".join(
        [
            f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n'.encode(),
            b"Content-Transfer-Encoding: binary\r\nMIME-Version: 1.0\r\n\r\n",
            *(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts),
            f"--{boundary}--\r\n".encode(),
        ]
    )


def daticert(facts: ReceiptFacts) -> bytes:
    """Return the facts as `daticert.xml`."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<postacert tipo={quoteattr(facts.kind)} errore={quoteattr(facts.error)}>",
        "    <intestazione>",
        _element("mittente", facts.sender, 8),
        *(_recipient(one, is_pec=one not in facts.ordinary) for one in facts.recipients),
        _element("risposte", facts.sender, 8),
        _element("oggetto", facts.subject, 8),
        "    </intestazione>",
        "    <dati>",
        _element("gestore-emittente", facts.provider, 8),
        f'        <data zona="{facts.at:%z}">',
        _element("giorno", f"{facts.at:%d/%m/%Y}", 12),
        _element("ora", f"{facts.at:%H:%M:%S}", 12),
        "        </data>",
        _element("identificativo", facts.identificativo, 8),
        _element("msgid", facts.message_id, 8),
        f'        <ricevuta tipo="{facts.receipt_type}" />' if facts.receipt_type else "",
        _element("consegna", on_the_wire(facts.delivered_to), 8) if facts.delivered_to else "",
        _element("errore-esteso", facts.error_text, 8) if facts.error_text else "",
        "    </dati>",
        "</postacert>",
    ]
    return "\n".join(line for line in lines if line).encode() + b"\n"


def _headers(facts: ReceiptFacts, sent_by: str, receipt_id: str) -> bytes:
    is_envelope = facts.kind == ENVELOPE
    sender = f'"Per conto di: {facts.sender}" <{sent_by}>' if is_envelope else sent_by
    fields = {
        "X-Trasporto" if is_envelope else "X-Ricevuta": facts.kind,
        "Date": format_datetime(facts.at),
        "Subject": encoded_header(facts.heading or f"{HEADINGS[facts.kind]}: {facts.subject}"),
        "From": sender,
        "To": ", ".join(map(on_the_wire, facts.recipients if is_envelope else [facts.sender])),
        "Message-ID": f"<{receipt_id}>",
        "X-Riferimento-Message-ID": facts.message_id,
    }
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()


def _recipient(address: str, *, is_pec: bool) -> str:
    kind = "certificato" if is_pec else "esterno"
    return _element("destinatari", on_the_wire(address), 8, f' tipo="{kind}"')


def _element(name: str, text: str, indent: int, attributes: str = "") -> str:
    return f"{' ' * indent}<{name}{attributes}>{escape(text)}</{name}>"
