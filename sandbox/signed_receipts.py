"""Receipts as providers write them: the text, `daticert.xml` and the PEC inside, signed as a whole (RFC 6109)."""

import base64
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from sandbox.authority import Signer
from sandbox.receipt_signing import Encoded, sign_mail

HEADINGS = {
    "accettazione": "ACCETTAZIONE",
    "non-accettazione": "AVVISO DI NON ACCETTAZIONE",
    "avvenuta-consegna": "CONSEGNA",
    "errore-consegna": "AVVISO DI MANCATA CONSEGNA",
    "preavviso-errore-consegna": "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
    "posta-certificata": "POSTA CERTIFICATA",
}
ENVELOPE = "posta-certificata"


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """The facts that a provider certifies. `delivered_to`: the recipient that it is about."""

    kind: str  # of HEADINGS
    at: datetime
    sender: str
    recipients: Sequence[str]
    subject: str
    identificativo: str
    message_id: str
    text: str = ""
    certified: bool = True
    delivered_to: str = ""
    receipt_type: str = ""
    error: str = "nessuno"
    error_text: str = ""
    provider: str = "Sandbox PEC S.p.A."


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


def content_of(facts: ReceiptFacts, postacert: bytes | None) -> bytes:
    """Return what is signed: text, facts and the PEC."""
    boundary = f"----------=_{int(facts.at.timestamp())}-{len(facts.subject)}-894"
    parts = [_text(facts), _attached("application/xml", "daticert.xml", daticert(facts))]
    if postacert is not None:
        parts.append(_mail(postacert))
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
    kind = "certificato" if facts.certified else "esterno"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<postacert tipo={quoteattr(facts.kind)} errore={quoteattr(facts.error)}>",
        "    <intestazione>",
        _element("mittente", facts.sender, 8),
        *(_element("destinatari", one, 8, f' tipo="{kind}"') for one in facts.recipients),
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
        _element("consegna", facts.delivered_to, 8) if facts.delivered_to else "",
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
        "Subject": _encoded(f"{HEADINGS[facts.kind]}: {facts.subject}"),
        "From": sender,
        "To": ", ".join(facts.recipients) if is_envelope else facts.sender,
        "Message-ID": f"<{receipt_id}>",
        "X-Riferimento-Message-ID": facts.message_id,
    }
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8").encode(linesep="\r\n")


def _text(facts: ReceiptFacts) -> bytes:
    encoded = textwrap.fill(base64.b64encode(facts.text.encode()).decode(), 76).replace("\n", "\r\n")
    head = 'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return f"{head}{encoded}\r\n".encode()


def _attached(kind: str, name: str, content: bytes) -> bytes:
    head = f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: inline; filename="{name}"\r\n'
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode() + encoded


def _mail(postacert: bytes) -> bytes:
    head = (
        'Content-Type: message/rfc822; name="postacert.eml"\r\n'
        'Content-Disposition: inline; filename="postacert.eml"\r\n'
    )
    return f"{head}Content-Transfer-Encoding: 7bit\r\n\r\n".encode() + postacert


def _element(name: str, text: str, indent: int, attributes: str = "") -> str:
    return f"{' ' * indent}<{name}{attributes}>{escape(text)}</{name}>"
