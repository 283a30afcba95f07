"""Finds the path from a signer's certificate to an anchor at a given time, and checks that the signer is a provider.

The builder of cryptography holds dates, signatures, path lengths and the mail domains that an authority may
certify. The rest is checked here: whose key issued, names of organisations, purposes, and the provider's address.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    DirectoryName,
    DuplicateExtension,
    ExtendedKeyUsage,
    ExtensionNotFound,
    Extensions,
    ExtensionType,
    KeyUsage,
    Name,
    NameConstraints,
    RFC822Name,
    SubjectAlternativeName,
    UnsupportedGeneralNameType,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

PROVIDER_MAILBOX = "posta-certificata"

Kind = TypeVar("Kind", bound=ExtensionType)
_NO_PATH = (  # none is there, or a certificate is malformed
    VerificationError,
    ValueError,
    OverflowError,
    UnsupportedAlgorithm,
    DuplicateExtension,
    UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Authorities whose receipts count. `issuer_keys`: the SHA-256 of the keys that may issue signers; empty: any."""

    name: str
    anchors: tuple[Certificate, ...]
    issuer_keys: frozenset[str] = frozenset()


class Flaw(StrEnum):
    """The reason why a certificate is not taken for a provider's."""

    UNKNOWN_ISSUER = "unknown_issuer"  # no path leads to an anchor
    NOT_VALID_THEN = "not_valid_then"  # the certificate had expired when it signed, or was not valid yet
    NAMES_NOT_ALLOWED = "names_not_allowed"  # the authority may not certify this organisation or domain
    NOT_FOR_MAIL = "not_for_mail"  # its purposes do not include signing mail
    NO_PROVIDER = "no_provider"  # it does not name posta-certificata@ of a domain, and nothing else


@dataclass(frozen=True, slots=True)
class Path:
    """The certificates from the signer to the anchor, and the profile that the anchor stands in."""

    profile: str
    certificates: tuple[Certificate, ...]


def find(
    signer: Certificate, others: Sequence[Certificate], at: datetime, profiles: Sequence[Profile]
) -> Path | Flaw:
    """Return the path to the first profile that has one at that time, else the flaw that comes nearest to one."""
    if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
        return Flaw.NOT_VALID_THEN
    flaw = Flaw.UNKNOWN_ISSUER
    for profile in profiles:
        try:
            certificates = _path(signer, others, at, profile)
            found = _flaw(certificates, profile)
        except _NO_PATH:
            continue
        if found is None:
            return Path(profile.name, certificates)
        flaw = found if flaw is Flaw.UNKNOWN_ISSUER else flaw
    return flaw


def addresses(certificate: Certificate) -> list[str]:
    """Return the mail addresses that the certificate is for, in lower case."""
    names = _extension(certificate.extensions, SubjectAlternativeName)
    return list(dict.fromkeys(one.lower() for one in names.get_values_for_type(RFC822Name))) if names else []


def key_digest(certificate: Certificate) -> str:
    """Return the SHA-256 of the certificate's public key, in hexadecimal."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key).hexdigest()


def _path(
    signer: Certificate, others: Sequence[Certificate], at: datetime, profile: Profile
) -> tuple[Certificate, ...]:
    if not profile.anchors:
        raise ValueError("no anchors")
    authorities = ExtensionPolicy.permit_all().require_present(BasicConstraints, Criticality.AGNOSTIC, None)
    own = ExtensionPolicy.permit_all().require_present(SubjectAlternativeName, Criticality.AGNOSTIC, None)
    verifier = (
        PolicyBuilder()
        .store(Store(list(profile.anchors)))
        .time(at.astimezone(UTC))
        .extension_policies(ca_policy=authorities, ee_policy=own)
        .build_client_verifier()
    )
    return tuple(verifier.verify(signer, list(others)).chain)


def _flaw(certificates: Sequence[Certificate], profile: Profile) -> Flaw | None:
    signer, authorities = certificates[0], certificates[1:]
    if profile.issuer_keys and not (authorities and key_digest(authorities[0]) in profile.issuer_keys):
        return Flaw.UNKNOWN_ISSUER
    if not all(_may_certify(one, signer) for one in authorities):
        return Flaw.NAMES_NOT_ALLOWED
    if not _is_for_mail(signer) or not all(_purposes_allow_mail(one) for one in authorities):
        return Flaw.NOT_FOR_MAIL
    if not _is_provider(signer):
        return Flaw.NO_PROVIDER
    return None


def _is_provider(signer: Certificate) -> bool:
    named = addresses(signer)
    return len(named) == 1 and named[0].startswith(f"{PROVIDER_MAILBOX}@") and named[0].count("@") == 1


def _is_for_mail(signer: Certificate) -> bool:
    basic = _extension(signer.extensions, BasicConstraints)
    usage = _extension(signer.extensions, KeyUsage)
    purposes = _extension(signer.extensions, ExtendedKeyUsage)
    return (
        not (basic and basic.ca)
        and usage is not None
        and usage.digital_signature
        and purposes is not None
        and ExtendedKeyUsageOID.EMAIL_PROTECTION in purposes
    )


def _purposes_allow_mail(authority: Certificate) -> bool:
    purposes = _extension(authority.extensions, ExtendedKeyUsage)
    allowed = (ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    return purposes is None or any(one in purposes for one in allowed)


def _may_certify(authority: Certificate, signer: Certificate) -> bool:
    """Return whether its constraints on names of organisations allow the signer's; AgID CA1 lists each provider's."""
    constraints = _extension(authority.extensions, NameConstraints)
    if constraints is None:
        return True
    permitted = list(_directories(constraints.permitted_subtrees))
    excluded = list(_directories(constraints.excluded_subtrees))
    return all(
        (not permitted or any(_is_below(name, one) for one in permitted))
        and not any(_is_below(name, one) for one in excluded)
        for name in _names_of(signer)
    )


def _names_of(signer: Certificate) -> Iterator[Name]:
    if signer.subject.rdns:
        yield signer.subject
    names = _extension(signer.extensions, SubjectAlternativeName)
    yield from names.get_values_for_type(DirectoryName) if names else ()


def _directories(subtrees: Iterable[object] | None) -> Iterator[Name]:
    return (one.value for one in subtrees or () if isinstance(one, DirectoryName))


def _is_below(name: Name, base: Name) -> bool:
    own, above = _comparable(name), _comparable(base)
    return own[: len(above)] == above


def _comparable(name: Name) -> list[set[tuple[str, str]]]:
    """Return a name for comparison: case and runs of spaces do not count (RFC 5280, 7.1)."""
    return [
        {(one.oid.dotted_string, " ".join(str(one.value).casefold().split())) for one in part}
        for part in name.rdns
    ]


def _extension(extensions: Extensions, kind: type[Kind]) -> Kind | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except ExtensionNotFound:
        return None
