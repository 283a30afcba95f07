"""Structures that no provider makes, which verifiers were once deceived or killed with, are no signatures."""

from typing import Any

import pytest
from asn1crypto import cms as asn1
from asn1crypto.core import OctetString, UTCTime

from archive import cms
from sandbox.authority import Signer, make_signer
from sandbox.receipt_signing import Encoded, signature
from tests.signing import AT, authority, signer

CONTENT = b"Content-Type: text/plain\r\n\r\nciao"


def changed(change: Any, by: Signer | None = None) -> bytes:
    """Return a structure after a change to its signed data."""
    info = asn1.ContentInfo.load(signature(CONTENT, by or signer(), at=AT))
    change(info["content"])
    encoded: bytes = info.dump(force=True)
    return encoded


def _without(name: str) -> Any:
    def change(signed: Any) -> None:
        info = signed["signer_infos"][0]
        kept = [one for one in info["signed_attrs"] if one["type"].native != name]
        info["signed_attrs"] = asn1.CMSAttributes(kept)

    return change


def _twice(name: str, value: Any) -> Any:
    def change(signed: Any) -> None:
        info = signed["signer_infos"][0]
        more = asn1.CMSAttribute({"type": name, "values": [value]})
        info["signed_attrs"] = asn1.CMSAttributes([*info["signed_attrs"], more])

    return change


def _content_of_its_own(signed: Any) -> None:
    signed["encap_content_info"] = {"content_type": "data", "content": b"another content"}


def _two_signers(signed: Any) -> None:
    signed["signer_infos"] = [signed["signer_infos"][0], signed["signer_infos"][0]]


def _no_signers(signed: Any) -> None:
    signed["signer_infos"] = []


def _no_certificates(signed: Any) -> None:
    signed["certificates"] = []


def _only_the_authority(signed: Any) -> None:
    signed["certificates"] = [signed["certificates"][1]]


def _md5(signed: Any) -> None:
    signed["signer_infos"][0]["digest_algorithm"] = {"algorithm": "md5"}


def _two_digests(signed: Any) -> None:
    signed["signer_infos"][0]["signature_algorithm"] = {"algorithm": "sha1_rsa"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_without("message_digest"), "no attribute message_digest"),
        (_without("content_type"), "no attribute content_type"),
        (_without("signing_time"), "no attribute signing_time"),
        (_twice("message_digest", OctetString(b"x" * 32)), "two attributes message_digest"),
        (_twice("content_type", "data"), "two attributes content_type"),
        (_twice("signing_time", asn1.Time({"utc_time": UTCTime(AT)})), "two attributes signing_time"),
        (_content_of_its_own, "content of its own"),
        (_two_signers, "not one signer"),
        (_no_signers, "not one signer"),
        (_no_certificates, "not the signer's certificate"),
        (_only_the_authority, "not the signer's certificate"),
        (_md5, "uses md5"),
        (_two_digests, "uses two digests"),
    ],
)
def test_a_structure_that_no_provider_makes_is_refused(change: Any, problem: str) -> None:
    with pytest.raises(cms.NotReadable, match=problem):
        cms.read(changed(change))


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"MIIG",
        b"\x30\x80" * 100_000,
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x00",
        asn1.ContentInfo({"content_type": "data", "content": b"x"}).dump(),
    ],
    ids=["empty", "text", "deep", "long", "short", "other"],
)
def test_bytes_that_are_no_structure_are_refused_in_words(encoded: bytes) -> None:
    with pytest.raises(cms.NotReadable):
        cms.read(encoded)


def test_a_structure_that_was_cut_is_refused_at_each_length() -> None:
    whole = signature(CONTENT, signer(), at=AT)

    for length in range(0, len(whole), 50):
        with pytest.raises(cms.NotReadable):
            cms.read(whole[:length])


def test_the_same_certificate_twice_is_one() -> None:
    def doubled(signed: Any) -> None:
        signed["certificates"] = [*signed["certificates"], signed["certificates"][0]]

    assert cms.read(changed(doubled)).holds()


def test_too_many_certificates_are_refused_before_a_path_is_looked_for() -> None:
    def many(signed: Any) -> None:
        signed["certificates"] = [signed["certificates"][0]] * (cms.MAX_CERTIFICATES + 1)

    with pytest.raises(cms.NotReadable, match="too many"):
        cms.read(changed(many))


def test_a_signature_by_another_key_does_not_hold() -> None:
    def other(signed: Any) -> None:
        signed["signer_infos"][0]["signature"] = make_signer(authority()).key.sign(b"x", *_pkcs1())

    assert not cms.read(changed(other)).holds()


def test_attributes_that_were_changed_after_signing_do_not_hold() -> None:
    def later(signed: Any) -> None:
        attributes = signed["signer_infos"][0]["signed_attrs"]
        signed["signer_infos"][0]["signed_attrs"] = asn1.CMSAttributes(
            [
                {"type": "signing_time", "values": [asn1.Time({"utc_time": UTCTime(AT.replace(year=2025))})]},
                *(one for one in attributes if one["type"].native != "signing_time"),
            ]
        )

    assert not cms.read(changed(later)).holds()


def test_open_lengths_are_read_like_closed_ones() -> None:
    found = [cms.read(signature(CONTENT, signer(), at=AT, encoded=encoded)) for encoded in Encoded]

    assert found[0].message_digest == found[1].message_digest == found[0].digest_of(CONTENT)
    assert all(one.holds() for one in found)


def _pkcs1() -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.PKCS1v15(), hashes.SHA256()
