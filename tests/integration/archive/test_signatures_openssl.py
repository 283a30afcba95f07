"""The `openssl cms` command as an oracle: what it signs we verify, and what it refuses we refuse."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ObjectIdentifier

from archive.signatures import Verdict
from sandbox.authority import Signer, make_authority, make_signer
from sandbox.receipt_signing import Encoded
from sandbox.signed_receipts import content_of
from tests import spoiling
from tests.signing import (
    AT,
    BOUNCED,
    DELIVERED,
    ENVELOPE,
    PROVIDER,
    SENT,
    authority,
    receipt,
    signer,
    verified,
)

LONG_AGO = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC))
CLIENT_AUTH = ObjectIdentifier("1.3.6.1.5.5.7.3.2")
SPOILT = [
    spoiling.one_space_more,
    spoiling.other_facts,
    spoiling.signature_of_another,
    spoiling.third_part,
    spoiling.part_in_front,
    spoiling.signature_doubled,
    spoiling.parts_exchanged,
    spoiling.p7s_cut,
    spoiling.p7s_missing,
    spoiling.p7s_of_another_type,
    spoiling.cut_in_the_signature,
    spoiling.last_delimiter_opened_again,
    spoiling.cut_in_the_content,
    spoiling.no_longer_said_to_be_signed,
]


@pytest.fixture(autouse=True)
def _openssl() -> None:
    if shutil.which("openssl") is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs the command openssl")
        pytest.skip("there is no command openssl")


@pytest.fixture
def accepts(tmp_path: Path) -> Callable[[bytes], bool]:
    """Return whether openssl verifies a mail up to the tests' anchor, at the instant of signing."""
    anchor, mail = tmp_path / "anchor.pem", tmp_path / "mail.eml"
    anchor.write_bytes(authority().anchor)

    def asked(raw: bytes) -> bool:
        mail.write_bytes(raw)
        command = ["openssl", "cms", "-verify", "-in", str(mail), "-CAfile", str(anchor), "-out", os.devnull]
        at = ["-purpose", "smimesign", "-attime", str(int(AT.timestamp()))]
        return subprocess.run([*command, *at], capture_output=True, check=False).returncode == 0

    return asked


def signed_by_openssl(folder: Path, by: Signer, content: bytes, *options: str) -> bytes:
    key, certificate, issuer, entity = (folder / name for name in ("key", "certificate", "issuer", "entity"))
    key.write_bytes(by.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(by.certificate.public_bytes(Encoding.PEM))
    issuer.write_bytes(by.issuers[0].public_bytes(Encoding.PEM))
    entity.write_bytes(content)
    by_whom = ["-signer", str(certificate), "-inkey", str(key), "-certfile", str(issuer)]
    command = ["openssl", "cms", "-sign", *by_whom, "-in", str(entity)]
    made = subprocess.run([*command, *options], capture_output=True, check=True).stdout
    return f"From: {PROVIDER}\n".encode() + made


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("encoded", Encoded)
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_openssl_verifies_what_the_sandbox_signs(
    accepts: Callable[[bytes], bool], digest: str, encoded: Encoded, line_end: bytes
) -> None:
    assert accepts(receipt(digest=digest, encoded=encoded).replace(b"\r\n", line_end))


@pytest.mark.parametrize("facts", [BOUNCED, ENVELOPE])
def test_other_kinds_are_signed_alike(accepts: Callable[[bytes], bool], facts: Any) -> None:
    assert accepts(receipt(facts))
    assert verified(receipt(facts)).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    "options",
    [
        ["-md", "sha1"],
        ["-md", "sha256"],
        ["-md", "sha512"],
        ["-md", "sha256", "-stream"],
        ["-md", "sha256", "-binary"],
        ["-md", "sha256", "-keyid"],
        ["-md", "sha256", "-nosmimecap"],
        ["-md", "sha256", "-crlfeol"],
        ["-md", "sha256", "-keyopt", "rsa_padding_mode:pss"],
    ],
)
def test_what_openssl_signs_is_verified(
    tmp_path: Path, accepts: Callable[[bytes], bool], options: list[str]
) -> None:
    now = replace(DELIVERED, at=datetime.now(UTC))  # openssl signs at no other instant

    raw = signed_by_openssl(tmp_path, signer(), content_of(now, SENT), *options)

    assert accepts(raw)
    found = verified(raw)
    assert found.is_verified_receipt, found.why


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_openssl_refuses_is_refused(
    accepts: Callable[[bytes], bool], spoil: Callable[[bytes], bytes]
) -> None:
    raw = spoil(receipt(BOUNCED))

    assert not accepts(raw)
    assert verified(raw).verdict in (Verdict.ALTERED, Verdict.UNSIGNED)


@pytest.mark.parametrize(
    "certificate",
    [
        {},
        {"valid": LONG_AGO},
        {"organisation": "Somebody S.r.l."},
        {"address": "posta-certificata@other.example"},
        {"address": "posta-certificata@sub.pec.example"},
        {"purpose": CLIENT_AUTH},
        {"is_ca": True},
    ],
)
def test_certificates_are_judged_as_openssl_judges_them(
    accepts: Callable[[bytes], bool], certificate: dict[str, Any]
) -> None:
    by = make_signer(authority(), **certificate)

    raw = receipt(by=by, sent_by=certificate.get("address", PROVIDER))

    if (
        "is_ca" not in certificate
    ):  # openssl lets an authority sign mail; a provider's certificate never is one
        assert accepts(raw) == (not certificate)
    assert verified(raw).verdict is (Verdict.INTACT if certificate else Verdict.VERIFIED)


def test_a_signature_by_another_key_is_refused_by_both(accepts: Callable[[bytes], bool]) -> None:
    raw = receipt(by=replace(signer(), key=make_signer(authority()).key))

    assert not accepts(raw)
    assert verified(raw).verdict is Verdict.ALTERED


def test_a_foreign_authority_is_refused_by_both(accepts: Callable[[bytes], bool]) -> None:
    raw = receipt(by=make_signer(make_authority()))

    assert not accepts(raw)
    assert verified(raw).verdict is Verdict.INTACT
