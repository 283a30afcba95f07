"""Forms of what `pec verify` shows to a person about a file: as facts, and as a row of a table."""

from collections.abc import Iterator
from typing import NamedTuple

from cryptography.x509 import Certificate
from cryptography.x509.oid import NameOID

from archive.content import pieces
from archive.judged import REVOCATION, Judged, address_of
from archive.sent import Match
from archive.signatures import Verdict, Verification
from config.texts import Text, _, joined, ngettext
from pec.instants import ROME

COLUMNS = (_("FILE"), _("VERDICT"), _("RECEIPT"), _("RECIPIENT"), _("WHY"))
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
    yield Fact(_("signer"), address_of(signer))
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


def _organisation(signer: Certificate) -> str | None:
    names = signer.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else None
