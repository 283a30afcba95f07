"""Forms of what `pec verify` shows about a file: as facts, as a row of a table, as JSON."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate
from cryptography.x509.oid import NameOID

from archive.chain import addresses
from archive.content import pieces
from archive.sent import Comparison, Match
from archive.signatures import Verdict, Verification, Why
from pec.instants import ROME

COLUMNS = ("FILE", "VERDICT", "RECEIPT", "RECIPIENT", "WHY")
REVOCATION = "not checked"

REASONS = {
    Why.NO_MAIL: "it is no mail: save the receipt as an .eml file, in its original form",
    Why.NOT_SIGNED: "it bears no signature: take the original from the mailbox, not a print or a forwarded copy",
    Why.SIGNATURE_MISSING: "its signature is missing: the file was cut, or a mail filter removed smime.p7s",
    Why.NOT_TWO_PARTS: "it has not exactly two parts, content and signature: something was added or removed",
    Why.CUT: "its end is missing: the file was cut",
    Why.SIGNATURE_UNREADABLE: "its signature is damaged, or not of the kind that PEC providers make",
    Why.CONTENT_CHANGED: "its content was changed after it was signed",
    Why.SIGNATURE_WRONG: "its signature was not made with the certificate that it shows",
    Why.UNKNOWN_ISSUER: "no valid path leads from the signer's certificate to AgID CA1 or to an anchor of yours",
    Why.NOT_VALID_THEN: "the signer's certificate was not valid when it signed",
    Why.NAMES_NOT_ALLOWED: "the authority may not certify the signer's organisation",
    Why.NOT_FOR_MAIL: "the signer's certificate is not meant for signing mail",
    Why.NO_PROVIDER: "the signer is no PEC provider: its certificate is not for posta-certificata@ alone",
    Why.OTHER_SENDER: "its From is not the address that signed it",
    Why.ENVELOPE: "it is no receipt: it is the envelope of a PEC that came in",
    Why.NO_DATICERT: "it is no receipt: it holds no daticert.xml",
    Why.SEVERAL_DATICERTS: "it holds several daticert.xml, which may contradict each other",
    Why.DATICERT_UNREADABLE: "its daticert.xml can't be read",
    Why.UNKNOWN_KIND: "its daticert.xml is of a kind that this version does not know",
}
MATCHES = {
    Match.EQUAL: "is inside, byte for byte",
    Match.EQUAL_DIGEST: "has the digest that is inside",
    Match.DIFFERENT: "is not what is inside",
    Match.NO_CONTENT: "can't be compared: the receipt holds no content",
}


class Fact(NamedTuple):
    """A name and its value; None is not shown."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Judged:
    """A file, its verdict, and how it compares with each file that was sent."""

    file: Path
    found: Verification
    sent: Mapping[Path, Comparison]

    @property
    def reason(self) -> str | None:
        return REASONS[self.found.why] if self.found.why else None


def facts(judged: Judged) -> Iterator[Fact]:
    """Return everything about one file, for a person."""
    return (Fact(one.name, printable(one.value)) for one in _facts(judged) if one.value is not None)


def printable(value: object) -> str:
    """Return a value on one line, without what a terminal would obey: senders and attackers chose some of it."""
    return "".join(one if one.isprintable() else " " for one in str(value)).strip()


def _facts(judged: Judged) -> Iterator[Fact]:
    found = judged.found
    yield Fact("file", judged.file)
    yield Fact("verdict", found.verdict.value)
    yield Fact("why", judged.reason)
    if found.daticert:
        yield from _certified(found)
    if found.signer:
        yield from _signed(found)
    if found.postacert is not None:
        for one in pieces(found.postacert):
            yield Fact("holds (SHA-256)", f"{one.sha256}  {one.name or one.type}")
    for file, comparison in judged.sent.items():
        yield Fact("sent file", f"{file}: {MATCHES[comparison.match]}")


def row(judged: Judged) -> tuple[object, ...]:
    """Return the same file as one among others."""
    facts = judged.found.daticert
    cells = (
        judged.file,
        judged.found.verdict.value,
        facts and facts.kind,
        facts and (facts.delivered_to or ", ".join(one.address for one in facts.recipients)),
        judged.reason,
    )
    return tuple(cell and printable(cell) for cell in cells)


def as_dict(judged: Judged) -> dict[str, Any]:
    """Return the same file, for a program."""
    found = judged.found
    return {
        "file": _in_utf8(judged.file),
        "sha256": found.sha256,
        "size": found.size,
        "verdict": found.verdict.value,
        "verified_receipt": found.is_verified_receipt,
        "why": found.why and found.why.value,
        "reason": judged.reason,
        "signed_at": _iso(found.signed_at),
        "signer": _address(found.signer) if found.signer else None,
        "profile": found.profile or None,
        "digest": found.digest or None,
        "certificates": [_certificate(one) for one in found.chain],
        "revocation": REVOCATION,
        "daticert": _daticert(found),
        "content": _content(found),
        "sent": [
            {"file": _in_utf8(file), "match": one.match.value, "equal": one.matches, "part": one.part or None}
            for file, one in judged.sent.items()
        ],
    }


def _certified(found: Verification) -> Iterator[Fact]:
    facts = found.daticert
    assert facts is not None  # noqa: S101 - its caller looked
    yield Fact("receipt", facts.kind)
    yield Fact("identificativo", facts.identificativo or None)
    yield Fact("certified at", facts.dated_at)
    yield Fact("sender", facts.sender or None)
    for one in facts.recipients:
        yield Fact("recipient", f"{one.address} ({one.type})" if one.type else one.address)
    yield Fact("delivered to", facts.delivered_to or None)
    yield Fact("subject", facts.subject or None)
    yield Fact("message id", facts.message_id or None)
    yield Fact("error", facts.error_text or None)
    yield Fact("provider", facts.provider or None)


def _signed(found: Verification) -> Iterator[Fact]:
    signer = found.signer
    assert signer is not None  # noqa: S101 - its caller looked
    assert found.signed_at is not None  # noqa: S101 - both come together
    yield Fact("signer", _address(signer))
    yield Fact("organisation", _organisation(signer))
    yield Fact("signed at", found.signed_at.astimezone(ROME))
    yield Fact("authority", {"agid": "AgID CA1", "settings": "an anchor of yours"}.get(found.profile))
    validity = signer.not_valid_before_utc, signer.not_valid_after_utc
    yield Fact("certificate", f"valid from {validity[0]:%Y-%m-%d} to {validity[1]:%Y-%m-%d}")
    yield Fact("digest", found.digest)
    yield Fact("revocation", REVOCATION)
    if found.verdict is Verdict.VERIFIED and found.postacert is None:
        yield Fact("content", "the receipt holds no content")


def _daticert(found: Verification) -> dict[str, Any] | None:
    if found.daticert is None:
        return None
    return {**asdict(found.daticert), "dated_at": _iso(found.daticert.dated_at)}


def _content(found: Verification) -> list[dict[str, Any]] | None:
    if found.postacert is None:
        return None
    return [
        {"name": one.name or None, "type": one.type, "size": len(one.content), "sha256": one.sha256}
        for one in pieces(found.postacert)
    ]


def _certificate(one: Certificate) -> dict[str, Any]:
    return {
        "subject": one.subject.rfc4514_string(),
        "issuer": one.issuer.rfc4514_string(),
        "serial": f"{one.serial_number:x}",
        "not_before": _iso(one.not_valid_before_utc),
        "not_after": _iso(one.not_valid_after_utc),
        "sha256": one.fingerprint(SHA256()).hex(),
    }


def _address(signer: Certificate) -> str | None:
    try:
        return ", ".join(addresses(signer)) or None
    except ValueError:  # extensions that can't be read
        return None


def _organisation(signer: Certificate) -> str | None:
    names = signer.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else None


def _in_utf8(file: Path) -> str:
    """Return a name in UTF-8, because another one could not be printed."""
    return os.fsencode(file).decode("utf-8", "replace")


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
