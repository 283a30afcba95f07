"""Signs a mail's content as PEC providers do: `multipart/signed`, with a CMS structure in `smime.p7s`.

Made by hand, because the builder of cryptography knows neither SHA-1, nor BER, nor another instant than now: what
providers signed with until 2024, what some write today, and what tests and a shifted clock need.
"""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum

from asn1crypto import cms, parser, x509
from asn1crypto.core import OctetString, UTCTime
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding

from sandbox.authority import Signer
from sandbox.pec_mail import base64_lines, encoded_bytes

SIGNATURE_TYPE = "application/x-pkcs7-signature"

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"sha1": hashes.SHA1, "sha256": hashes.SHA256}
_STREAMED_LEVELS = 4  # content info, its content, the signed data, and what stands in it


class Encoded(StrEnum):
    """How the structure is written."""

    DER = "der"
    BER = "ber"  # with lengths that are not known in advance, as Aruba writes it since 2026


def sign_mail(
    headers: bytes,
    content: bytes,
    signer: Signer,
    *,
    at: datetime,
    digest: str = "sha256",
    encoded: Encoded = Encoded.DER,
) -> bytes:
    """Return a mail with these header lines and this content, a MIME entity with CRLF, signed at that instant."""
    p7s = signature(content, signer, at=at, digest=digest, encoded=encoded)
    return _signed(headers, content, p7s, digest)


def signed_size(headers: bytes, content_bytes: int, p7s_bytes: int, digest: str = "sha256") -> int:
    """Return the size of a mail with these header lines, without its content and its signature."""
    return len(_signed(headers, b"", b"", digest)) + content_bytes + encoded_bytes(p7s_bytes)


def signed_head(headers: bytes, digest: str = "sha256") -> bytes:
    """Return all header lines of such a mail, and the empty one."""
    return (
        headers
        + b"MIME-Version: 1.0\r\n"
        + f'Content-Type: multipart/signed; protocol="{SIGNATURE_TYPE}"; micalg="{digest}"; '.encode()
        + f'boundary="{_boundary(headers)}"\r\n\r\n'.encode()
    )


def _signed(headers: bytes, content: bytes, p7s: bytes, digest: str) -> bytes:
    boundary = _boundary(headers)
    return b"".join(
        [
            signed_head(headers, digest),
            b"This is an S/MIME signed message\r\n\r\n",
            f"--{boundary}\r\n".encode() + content + b"\r\n",
            f'--{boundary}\r\nContent-Type: {SIGNATURE_TYPE}; name="smime.p7s"\r\n'.encode(),
            b"Content-Transfer-Encoding: base64\r\n",
            b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n',
            base64_lines(p7s),
            f"\r\n--{boundary}--\r\n".encode(),
        ]
    )


def _boundary(headers: bytes) -> str:
    """Return one that the same mail always has, and a mail within a mail never shares."""
    return f"----{hashlib.sha256(headers).hexdigest()[:32].upper()}"


def signature(
    content: bytes,
    signer: Signer,
    *,
    at: datetime,
    digest: str = "sha256",
    encoded: Encoded = Encoded.DER,
) -> bytes:
    """Return the CMS structure over this content."""
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {"type": "signing_time", "values": [cms.Time({"utc_time": UTCTime(at.astimezone(UTC))})]},
            {"type": "message_digest", "values": [OctetString(hashlib.new(digest, content).digest())]},
        ]
    )
    value = signer.key.sign(attributes.dump(), padding.PKCS1v15(), _HASHES[digest]())
    whole: bytes = _content_info(signer, attributes, value, digest).dump()
    return _streamed(whole, _STREAMED_LEVELS) if encoded is Encoded.BER else whole


def _content_info(
    signer: Signer, attributes: cms.CMSAttributes, value: bytes, digest: str
) -> cms.ContentInfo:
    certificates = [
        x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in (signer.certificate, *signer.issuers)
    ]
    own = certificates[0]
    identifier = cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number})
    signer_info = {
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": identifier}),
        "digest_algorithm": {"algorithm": digest},
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
        "signature": value,
    }
    signed = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": {"content_type": "data"},
        "certificates": certificates,
        "signer_infos": [signer_info],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})


def _streamed(encoded: bytes, levels: int) -> bytes:
    """Return the structure with the lengths of its outer levels left open, as a streaming program writes it."""
    _, constructed, _, header, contents, _ = parser.parse(encoded)
    if not constructed or not levels:
        return encoded
    parts = []
    while contents:
        size = parser.peek(contents)
        parts.append(_streamed(contents[:size], levels - 1))
        contents = contents[size:]
    opened: bytes = header[:1] + b"\x80"
    return opened + b"".join(parts) + b"\x00\x00"
