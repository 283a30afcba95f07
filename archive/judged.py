"""A receipt as it was judged, and what programs read about it: for `pec verify --json` and for bundles of proof."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate

from archive.chain import addresses
from archive.content import pieces
from archive.sent import Comparison
from archive.signatures import Verification, Why
from config.texts import _

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


@dataclass(frozen=True, slots=True)
class Judged:
    """A file, its verdict, and how it compares with each file that was sent."""

    file: Path
    found: Verification
    sent: Mapping[Path, Comparison]

    @property
    def reason(self) -> str | None:
        return REASONS[self.found.why] if self.found.why else None


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
        "signer": address_of(found.signer) if found.signer else None,
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


def address_of(signer: Certificate) -> str | None:
    try:
        return ", ".join(addresses(signer)) or None
    except ValueError:  # extensions that can't be read
        return None


def _in_utf8(file: Path) -> str:
    """Return a name in UTF-8, because another one could not be printed."""
    return os.fsencode(file).decode("utf-8", "replace")


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
