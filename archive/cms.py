"""Reads the CMS structure of a `smime.p7s` (RFC 5652), DER or BER, and checks its signature.

asn1crypto takes the structure apart, cryptography does the arithmetic. Nothing here judges who signed.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from asn1crypto import cms
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import Certificate, SubjectKeyIdentifier, load_der_x509_certificate

MAX_CERTIFICATES = 16  # providers send two

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,  # providers signed with it until 2024
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class NotReadable(Exception):
    """The bytes are no signature of the kind that providers make. The message says why, for a developer."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signer's signature, detached from what it signs."""

    digest: str  # a name of HASHES
    message_digest: bytes
    signed_at: datetime
    signer: Certificate
    others: tuple[Certificate, ...]
    algorithm: str  # rsassa_pkcs1v15 or rsassa_pss
    value: bytes
    attributes: Any  # asn1crypto's; what the signature covers

    def digest_of(self, content: bytes) -> bytes:
        return hashlib.new(self.digest, content, usedforsecurity=False).digest()

    def holds(self) -> bool:
        """Return whether the signer's key made this signature over its attributes.

        A signature covers them tagged as a SET and in DER, though they may be sent in another order or form.
        """
        as_sent = _as_set(self.attributes.contents)
        return self._made_over(as_sent) or self._made_over(self.attributes.untag().dump(force=True))

    def _made_over(self, attributes: bytes) -> bool:
        algorithm = HASHES[self.digest]()
        try:
            match self.signer.public_key(), self.algorithm:
                case rsa.RSAPublicKey() as key, "rsassa_pkcs1v15":
                    key.verify(self.value, attributes, padding.PKCS1v15(), algorithm)
                case rsa.RSAPublicKey() as key, "rsassa_pss":
                    key.verify(
                        self.value,
                        attributes,
                        padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO),
                        algorithm,
                    )
                case _:
                    return False
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True


def read(encoded: bytes) -> Signature:
    """Return the signature in a `smime.p7s`. Raise NotReadable if it is no signature, or of a kind that is refused."""
    try:
        return _read(encoded)
    except NotReadable:
        raise
    except Exception as error:  # asn1crypto parses lazily, and raises anything on hostile bytes
        raise NotReadable(f"{type(error).__name__}: {error}") from None


def _read(encoded: bytes) -> Signature:
    info = cms.ContentInfo.load(encoded)
    _require(info["content_type"].native == "signed_data", "is no signed data")
    signed = info["content"]
    _require(signed["encap_content_info"]["content"].native is None, "holds content of its own")
    _require(len(signed["signer_infos"]) == 1, "has not one signer")
    _require(len(signed["certificates"] or ()) <= MAX_CERTIFICATES, "has too many certificates")
    signer = signed["signer_infos"][0]
    attributes = _attributes(signer)
    _require(
        attributes["content_type"] == signed["encap_content_info"]["content_type"].native,
        "signs another type",
    )
    digest = signer["digest_algorithm"]["algorithm"].native
    _require(digest in HASHES, f"uses {digest}")
    scheme = signer["signature_algorithm"]
    _require(_hash_of(scheme) in (None, digest), "uses two digests")
    own, others = _certificates(signed, signer["sid"])
    return Signature(
        digest=digest,
        message_digest=attributes["message_digest"],
        signed_at=attributes["signing_time"],
        signer=own,
        others=others,
        algorithm=scheme.signature_algo,
        value=signer["signature"].native,
        attributes=signer["signed_attrs"],
    )


def _attributes(signer: Any) -> dict[str, Any]:
    """Return the three required attributes, each once and with one value: a second one could contradict it."""
    found: dict[str, Any] = {}
    for attribute in signer["signed_attrs"]:
        name = attribute["type"].native
        if name in ("content_type", "message_digest", "signing_time"):
            _require(name not in found and len(attribute["values"]) == 1, f"has two attributes {name}")
            found[name] = attribute["values"][0].native
    for name in ("content_type", "message_digest", "signing_time"):
        _require(name in found, f"has no attribute {name}")
    _require(isinstance(found["signing_time"], datetime), "has no signing time")
    _require(found["signing_time"].tzinfo is not None, "has a signing time without a zone")
    return found


def _hash_of(scheme: Any) -> str | None:
    """Return the digest that the signature's algorithm names; None for rsaEncryption, which names none."""
    if scheme["algorithm"].native == "rsassa_pkcs1v15":
        return None
    name: str = scheme.hash_algo
    return name


def _certificates(signed: Any, sid: Any) -> tuple[Certificate, tuple[Certificate, ...]]:
    encoded = {one.chosen.dump() for one in signed["certificates"] if one.name == "certificate"}
    certificates = [_certificate(one) for one in sorted(encoded)]
    own = [one for one in certificates if _is_of(one, sid)]
    _require(len(own) == 1, "has not the signer's certificate")
    return own[0], tuple(one for one in certificates if one is not own[0])


@lru_cache(256)  # a folder of receipts holds the same few certificates again and again
def _certificate(encoded: bytes) -> Certificate:
    return load_der_x509_certificate(encoded)


def _is_of(certificate: Certificate, sid: Any) -> bool:
    if sid.name == "issuer_and_serial_number":
        named = sid.chosen["issuer"]
        issuer = certificate.issuer.public_bytes()
        same_serial = certificate.serial_number == sid.chosen["serial_number"].native
        return bool(same_serial and (named.dump() == issuer or named.dump(force=True) == issuer))
    identifiers = certificate.extensions.get_extension_for_class(SubjectKeyIdentifier)
    return bool(identifiers.value.digest == sid.chosen.native)


def _as_set(contents: bytes) -> bytes:
    size = len(contents)
    if size < 0x80:
        return bytes((0x31, size)) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x31, 0x80 | len(length))) + length + contents


def _require(holds: object, problem: str) -> None:
    if not holds:
        raise NotReadable(problem)
