"""Receipts that were changed, cut, doubled or forged, and that no verifier may accept."""

import base64
import re
from dataclasses import replace

from tests.signing import BOUNCED, receipt

FORGED = (
    b'Content-Type: application/xml; name="daticert.xml"\r\n\r\n<postacert tipo="avvenuta-consegna"/>\r\n'
)


def boundary_of(mail: bytes) -> bytes:
    found = re.search(rb'boundary="(----[^"]+)"', mail)
    assert found is not None
    return found[1]


def daticert_of(mail: bytes) -> bytes:
    """Return the base64 lines of the facts."""
    found = re.search(
        rb'filename="daticert.xml"\r\nContent-Transfer-Encoding: base64\r\n\r\n(.*?)\r\n\r\n--', mail, re.S
    )
    assert found is not None
    return found[1]


def one_space_more(raw: bytes) -> bytes:
    return raw.replace(b"Content-Transfer-Encoding: binary", b"Content-Transfer-Encoding:  binary")


def other_facts(raw: bytes) -> bytes:
    old = daticert_of(raw)
    changed = base64.b64decode(old).replace(b"errore-consegna", b"avvenuta-consegna")
    return raw.replace(old, base64.encodebytes(changed).rstrip().replace(b"\n", b"\r\n"))


def third_part(raw: bytes) -> bytes:
    end = b"--" + boundary_of(raw) + b"--"
    return raw.replace(end, b"--" + boundary_of(raw) + b"\r\n" + FORGED + end)


def part_in_front(raw: bytes) -> bytes:
    first = b"--" + boundary_of(raw) + b"\r\n"
    return raw.replace(first, first + FORGED + first, 1)


def signature_doubled(raw: bytes) -> bytes:
    first, content, p7s, rest = raw.split(b"--" + boundary_of(raw))
    return (b"--" + boundary_of(raw)).join([first, content, p7s, p7s, rest])


def parts_exchanged(raw: bytes) -> bytes:
    first, content, p7s, rest = raw.split(b"--" + boundary_of(raw))
    return (b"--" + boundary_of(raw)).join([first, p7s, content, rest])


def signature_of_another(raw: bytes) -> bytes:
    other = (
        receipt(replace(BOUNCED, subject="another"))
        .split(b'filename="smime.p7s"\r\n\r\n')[1]
        .split(b"\r\n\r\n")[0]
    )
    own = raw.split(b'filename="smime.p7s"\r\n\r\n')[1].split(b"\r\n\r\n")[0]
    return raw.replace(own, other)


def p7s_cut(raw: bytes) -> bytes:
    own = raw.split(b'filename="smime.p7s"\r\n\r\n')[1].split(b"\r\n\r\n")[0]
    return raw.replace(own, own[:6])


def p7s_missing(raw: bytes) -> bytes:
    return raw[: raw.index(b"Content-Type: application/x-pkcs7-signature")] + b"\r\n"


def p7s_of_another_type(raw: bytes) -> bytes:
    return raw.replace(
        b"Content-Type: application/x-pkcs7-signature;", b"Content-Type: application/octet-stream;"
    )


def other_content_type_too(raw: bytes) -> bytes:
    return raw.replace(
        b"Content-Type: multipart/signed", b"Content-Type: text/plain\r\nContent-Type: multipart/signed"
    )


def other_content_type_later(raw: bytes) -> bytes:
    return raw.replace(b"\r\n\r\nThis is", b"\r\nContent-Type: text/plain\r\n\r\nThis is", 1)


def cut_in_the_signature(raw: bytes) -> bytes:
    return raw[:-40]


def last_delimiter_opened_again(raw: bytes) -> bytes:
    return raw.removesuffix(b"--\r\n") + b"\r\n"


def cut_in_the_content(raw: bytes) -> bytes:
    return raw[: len(raw) // 3]


def whole_mail_doubled(raw: bytes) -> bytes:
    return raw + raw


def no_longer_said_to_be_signed(raw: bytes) -> bytes:
    return raw.replace(b"multipart/signed", b"multipart/mixed", 1)


def forwarded(raw: bytes) -> bytes:
    return b"Subject: CONSEGNA: x\r\n\r\n" + raw
