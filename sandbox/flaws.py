"""Receipts that are not as they should be: changed on the way, or signed by another than a provider."""

import re
from enum import StrEnum, auto

THIRD_PART = (
    b'Content-Type: application/xml; name="daticert.xml"\r\n\r\n<postacert tipo="avvenuta-consegna"/>\r\n'
)


class Flaw(StrEnum):
    """A fault or an oddity of a receipt's original. The text that the API shows is the same."""

    ALTERED = auto()  # one byte of the signed content
    HEADERS_CHANGED = auto()  # the unsigned header lines say CONSEGNA
    THIRD_PART = auto()  # another daticert.xml after the signature
    FOREIGN_CA = auto()
    EXPIRED = auto()  # the certificate, when it signed
    NO_POSTACERT = auto()
    BER = auto()
    SHA1 = auto()
    LF = auto()  # line ends
    UNSIGNED = auto()  # p7s missing


def spoil(mail: bytes, flaw: Flaw) -> bytes:
    """Return the signed mail as changed on the way, for those flaws that come about so."""
    match flaw:
        case Flaw.ALTERED:
            return mail.replace(b"Content-Transfer-Encoding: binary", b"Content-Transfer-Encoding: bInary", 1)
        case Flaw.HEADERS_CHANGED:
            changed = re.sub(rb"(?m)^X-Ricevuta: \S+", b"X-Ricevuta: avvenuta-consegna", mail, count=1)
            return changed.replace(b"Subject: AVVISO DI MANCATA CONSEGNA: ", b"Subject: CONSEGNA: ", 1)
        case Flaw.THIRD_PART:
            end = b"--" + _boundary(mail) + b"--"
            return mail.replace(end, b"--" + _boundary(mail) + b"\r\n" + THIRD_PART + end)
        case Flaw.UNSIGNED:
            p7s = mail.rindex(b"--" + _boundary(mail) + b"\r\n")
            return mail[:p7s] + b"--" + _boundary(mail) + b"--\r\n"
        case Flaw.LF:
            return mail.replace(b"\r\n", b"\n")
        case _:
            return mail


def _boundary(mail: bytes) -> bytes:
    found = re.search(rb'boundary="(----[0-9A-F]+)"', mail)
    assert found is not None  # noqa: S101 - every signed mail of ours has one
    return found[1]
