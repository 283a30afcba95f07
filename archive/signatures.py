"""Judges a receipt as it was signed: the raw bytes of a mail in, a verdict out.

Pure: no clock, no network, no files. Only the signed part decides; the mail's own Subject, From and X-Ricevuta are
not signed. Certificates are judged at the instant of signing, because they end years before a receipt may be
thrown away. Whether a certificate was revoked is not asked.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import getaddresses
from enum import StrEnum

from cryptography.x509 import Certificate

from archive import chain, cms, content, daticert, mime
from archive.chain import Flaw, Profile
from archive.daticert import ENVELOPE, RECEIPTS, Daticert

SIGNATURE_TYPES = ("application/pkcs7-signature", "application/x-pkcs7-signature")


class Verdict(StrEnum):
    """How far a file can be trusted."""

    VERIFIED = "verified"  # content and signature fit, and a provider signed it
    INTACT = "intact"  # content and signature fit; who signed it is not known to be a provider
    ALTERED = "altered"  # content and signature do not fit, or the signature is damaged
    UNSIGNED = "unsigned"  # there is no signature


class Why(StrEnum):
    """The reason why a file is no verified receipt. The second group does not change the verdict."""

    NO_MAIL = "no_mail"
    NOT_SIGNED = "not_signed"
    SIGNATURE_MISSING = "signature_missing"
    NOT_TWO_PARTS = "not_two_parts"
    CUT = "cut"
    SIGNATURE_UNREADABLE = "signature_unreadable"
    CONTENT_CHANGED = "content_changed"
    SIGNATURE_WRONG = "signature_wrong"
    UNKNOWN_ISSUER = Flaw.UNKNOWN_ISSUER.value
    NOT_VALID_THEN = Flaw.NOT_VALID_THEN.value
    NAMES_NOT_ALLOWED = Flaw.NAMES_NOT_ALLOWED.value
    NOT_FOR_MAIL = Flaw.NOT_FOR_MAIL.value
    NO_PROVIDER = Flaw.NO_PROVIDER.value
    OTHER_SENDER = "other_sender"

    ENVELOPE = "envelope"
    NO_DATICERT = "no_daticert"
    SEVERAL_DATICERTS = "several_daticerts"
    DATICERT_UNREADABLE = "daticert_unreadable"
    UNKNOWN_KIND = "unknown_kind"


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict on a file. All fields below `size` are None or empty unless content and signature fit."""

    verdict: Verdict
    why: Why | None
    sha256: str
    size: int
    signed_at: datetime | None = None
    digest: str = ""
    signer: Certificate | None = None
    profile: str = ""
    chain: tuple[
        Certificate, ...
    ] = ()  # from the signer to the anchor; what the mail holds where there is no path
    daticert: Daticert | None = None
    daticert_xml: bytes | None = None
    postacert: bytes | None = None
    text: str | None = None

    @property
    def is_verified_receipt(self) -> bool:
        """Return whether a provider certifies what `daticert` says. The only property that proof may rely on."""
        return self.verdict is Verdict.VERIFIED and self.why is None


class _Refused(Exception):
    """The verdict on a file without a signature that fits."""

    def __init__(self, verdict: Verdict, why: Why) -> None:
        super().__init__(verdict, why)
        self.verdict, self.why = verdict, why


def verify(raw: bytes, profiles: Sequence[Profile]) -> Verification:
    """Return the verdict on a mail's bytes as they were fetched or saved. Never raises."""
    nothing = Verification(Verdict.UNSIGNED, None, hashlib.sha256(raw).hexdigest(), len(raw))
    mail = mime.parse(raw)
    try:
        signed, signature = _taken_apart(mail)
    except _Refused as refused:
        return replace(nothing, verdict=refused.verdict, why=refused.why)
    path = chain.find(signature.signer, signature.others, signature.signed_at, profiles)
    known = replace(
        nothing,
        signed_at=signature.signed_at,
        digest=signature.digest,
        signer=signature.signer,
        verdict=Verdict.INTACT,
    )
    known = _with_contents(known, content.read(signed))
    if isinstance(path, Flaw):
        return replace(known, why=Why(path), chain=(signature.signer, *signature.others))
    known = replace(known, chain=path.certificates, profile=path.profile)
    if _senders(mail) != chain.addresses(signature.signer):
        return replace(known, why=Why.OTHER_SENDER)
    return replace(known, verdict=Verdict.VERIFIED)


def _taken_apart(mail: mime.Part) -> tuple[bytes, cms.Signature]:
    """Return the content as it was signed, and its signature that fits."""
    first, second = _two_parts(mail)
    try:
        signature = cms.read(mime.content(second))
    except cms.NotReadable:
        raise _Refused(Verdict.ALTERED, Why.SIGNATURE_UNREADABLE) from None
    for signed in _forms(first):
        if signature.digest_of(signed) == signature.message_digest:
            break
    else:
        raise _Refused(Verdict.ALTERED, Why.CONTENT_CHANGED)
    if not signature.holds():
        raise _Refused(Verdict.ALTERED, Why.SIGNATURE_WRONG)
    return signed, signature


def _two_parts(mail: mime.Part) -> tuple[bytes, mime.Part]:
    if not mail.headers.keys():
        raise _Refused(Verdict.UNSIGNED, Why.NO_MAIL)
    boundary = mime.boundary_of(mail)
    if mail.type != "multipart/signed" or boundary is None:
        raise _Refused(Verdict.UNSIGNED, Why.NOT_SIGNED)
    if len(mail.headers.get_all("Content-Type", [])) != 1:
        raise _Refused(Verdict.ALTERED, Why.NOT_TWO_PARTS)
    found = mime.slices(mail.body, boundary)
    signatures = [one for one in map(mime.parse, found.parts[1:3]) if one.type in SIGNATURE_TYPES]
    if not signatures:
        raise _Refused(Verdict.UNSIGNED, Why.SIGNATURE_MISSING)
    if len(found.parts) != 2:
        raise _Refused(Verdict.ALTERED, Why.NOT_TWO_PARTS)
    if not found.closed:
        raise _Refused(Verdict.ALTERED, Why.CUT)
    return found.parts[0], signatures[0]


def _forms(part: bytes) -> Iterator[bytes]:
    """Yield the content as it came, then with a mail's line ends: tools that save mails change them."""
    yield mime.without_last_line_end(part)
    yield mime.canonical(part)


def _with_contents(known: Verification, inside: content.Inside) -> Verification:
    known = replace(known, postacert=inside.postacert, text=inside.text)
    if not inside.daticerts:
        return replace(known, why=Why.NO_DATICERT)
    if len(inside.daticerts) > 1:
        return replace(known, why=Why.SEVERAL_DATICERTS)
    try:
        facts = daticert.parse(inside.daticerts[0])
    except daticert.NotDaticert:
        return replace(known, why=Why.DATICERT_UNREADABLE)
    return replace(known, daticert=facts, daticert_xml=inside.daticerts[0], why=_why_no_receipt(facts))


def _why_no_receipt(facts: Daticert) -> Why | None:
    if facts.kind == ENVELOPE:
        return Why.ENVELOPE
    return None if facts.kind in RECEIPTS else Why.UNKNOWN_KIND


def _senders(mail: mime.Part) -> list[str]:
    fields = [str(one) for one in mail.headers.get_all("From", [])]
    return [address.lower() for _, address in getaddresses(fields)]
