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
from config.texts import Text, _, joined, ngettext
from pec.instants import ROME

COLUMNS = (_("FILE"), _("VERDICT"), _("RECEIPT"), _("RECIPIENT"), _("WHY"))
REVOCATION = _("not checked")

REASONS = {
    Why.NO_MAIL: _("it is no mail: save the receipt as an .eml file, in its original form"),
    Why.NOT_SIGNED: _(
        "it bears no signature: take the original from the mailbox, not a print or a forwarded copy"
    ),
    Why.SIGNATURE_MISSING: _(
        "its signature is missing: the file was cut, or a mail filter removed smime.p7s"
    ),
    Why.NOT_TWO_PARTS: _(
        "it has not exactly two parts, content and signature: something was added or removed"
    ),
    Why.CUT: _("its end is missing: the file was cut"),
    Why.SIGNATURE_UNREADABLE: _("its signature is damaged, or not of the kind that PEC providers make"),
    Why.CONTENT_CHANGED: _("its content was changed after it was signed"),
    Why.SIGNATURE_WRONG: _("its signature was not made with the certificate that it shows"),
    Why.UNKNOWN_ISSUER: _(
        "no valid path leads from the signer's certificate to AgID CA1 or to an anchor of yours"
    ),
    Why.NOT_VALID_THEN: _("the signer's certificate was not valid when it signed"),
    Why.NAMES_NOT_ALLOWED: _("the authority may not certify the signer's organisation"),
    Why.NOT_FOR_MAIL: _("the signer's certificate is not meant for signing mail"),
    Why.NO_PROVIDER: _("the signer is no PEC provider: its certificate is not for posta-certificata@ alone"),
    Why.OTHER_SENDER: _("its From is not the address that signed it"),
    Why.ENVELOPE: _("it is no receipt: it is the envelope of a PEC that came in"),
    Why.NO_DATICERT: _("it is no receipt: it holds no daticert.xml"),
    Why.SEVERAL_DATICERTS: _("it holds several daticert.xml, which may contradict each other"),
    Why.DATICERT_UNREADABLE: _("its daticert.xml can't be read"),
    Why.UNKNOWN_KIND: _("its daticert.xml is of a kind that this version does not know"),
}
VERDICTS = {
    Verdict.VERIFIED: _("verified"),
    Verdict.INTACT: _("intact"),
    Verdict.ALTERED: _("altered"),
    Verdict.UNSIGNED: _("unsigned"),
}
MATCHES = {
    Match.EQUAL: _("is inside, byte for byte"),
    Match.EQUAL_DIGEST: _("has the digest that is inside"),
    Match.DIFFERENT: _("is not what is inside"),
    Match.NO_CONTENT: _("can't be compared: the receipt holds no content"),
}


def count_of(verdict: Verdict, count: int) -> Text:
    """Return `3 verified` as a text."""
    match verdict:
        case Verdict.VERIFIED:
            text = ngettext("{count} verified", "{count} verified", count)
        case Verdict.INTACT:
            text = ngettext("{count} intact", "{count} intact", count)
        case Verdict.ALTERED:
            text = ngettext("{count} altered", "{count} altered", count)
        case Verdict.UNSIGNED:
            text = ngettext("{count} unsigned", "{count} unsigned", count)
    return text.format(count=count)


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
    return (Fact(one.name, _shown(one.value)) for one in _facts(judged) if one.value is not None)


def printable(value: object) -> str:
    """Return a value on one line, without what a terminal would obey: senders and attackers chose some of it."""
    return "".join(one if one.isprintable() else " " for one in str(value)).strip()


def _shown(value: object) -> str:
    return value if isinstance(value, Text) else printable(value)


def _facts(judged: Judged) -> Iterator[Fact]:
    found = judged.found
    yield Fact(_("file"), judged.file)
    yield Fact(_("verdict"), VERDICTS[found.verdict])
    yield Fact(_("why"), judged.reason)
    if found.daticert:
        yield from _certified(found)
    if found.signer:
        yield from _signed(found)
    if found.postacert is not None:
        for one in pieces(found.postacert):
            yield Fact(_("holds (SHA-256)"), f"{one.sha256}  {one.name or one.type}")
    for file, comparison in judged.sent.items():
        yield Fact(_("sent file"), joined(": ", (printable(file), MATCHES[comparison.match])))


def row(judged: Judged) -> tuple[object, ...]:
    """Return the same file as one among others."""
    facts = judged.found.daticert
    cells = (
        judged.file,
        VERDICTS[judged.found.verdict],
        facts and facts.kind,
        facts and (facts.delivered_to or ", ".join(one.address for one in facts.recipients)),
        judged.reason,
    )
    return tuple(cell and _shown(cell) for cell in cells)


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
    yield Fact(_("receipt"), facts.kind)
    yield Fact(_("identificativo"), facts.identificativo or None)
    yield Fact(_("certified at"), facts.dated_at)
    yield Fact(_("sender"), facts.sender or None)
    for one in facts.recipients:
        yield Fact(_("recipient"), f"{one.address} ({one.type})" if one.type else one.address)
    yield Fact(_("delivered to"), facts.delivered_to or None)
    yield Fact(_("subject"), facts.subject or None)
    yield Fact(_("message id"), facts.message_id or None)
    yield Fact(_("error"), facts.error_text or None)
    yield Fact(_("provider"), facts.provider or None)


def _signed(found: Verification) -> Iterator[Fact]:
    signer = found.signer
    assert signer is not None  # noqa: S101 - its caller looked
    assert found.signed_at is not None  # noqa: S101 - both come together
    yield Fact(_("signer"), _address(signer))
    yield Fact(_("organisation"), _organisation(signer))
    yield Fact(_("signed at"), found.signed_at.astimezone(ROME))
    yield Fact(
        _("authority"), {"agid": _("AgID CA1"), "settings": _("an anchor of yours")}.get(found.profile)
    )
    validity = signer.not_valid_before_utc, signer.not_valid_after_utc
    yield Fact(
        _("certificate"),
        _("valid from {start} to {end}").format(
            start=format(validity[0], "%Y-%m-%d"), end=format(validity[1], "%Y-%m-%d")
        ),
    )
    yield Fact(_("digest"), found.digest)
    yield Fact(_("revocation"), REVOCATION)
    if found.verdict is Verdict.VERIFIED and found.postacert is None:
        yield Fact(_("content"), _("the receipt holds no content"))


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
