"""The anchors: AgID's, as shipped, and those that settings name."""

import hashlib
from pathlib import Path

import certifi
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from archive import trust
from archive.signatures import Verdict, Why
from sandbox.authority import make_authority
from tests.signing import authority, receipt, verified

ROOT_DIGEST = "55926084ec963a64b96e2abe01ce0ba86a64fbfebcc7aab5afc155b37fd76066"


def test_the_root_that_is_shipped_is_the_one_that_agid_is_below() -> None:
    [root] = trust.agid().anchors

    assert root.fingerprint(SHA256()).hex() == ROOT_DIGEST
    assert ROOT_DIGEST in trust.AGID_ROOT.read_text(encoding="utf-8")


def test_certifi_has_the_same_root_as_long_as_it_has_it() -> None:
    known = Path(certifi.where()).read_text(encoding="utf-8")
    shipped = trust.agid().anchors[0].public_bytes(Encoding.PEM).decode()

    assert (
        shipped in known or "Actalis Authentication Root CA" not in known
    )  # such lists drop roots by their age


def test_below_the_root_one_key_alone_counts() -> None:
    assert trust.agid().issuer_keys == {trust.AGID_CA1_KEY}
    assert len(bytes.fromhex(trust.AGID_CA1_KEY)) == hashlib.sha256().digest_size


def test_without_a_setting_there_is_agid_alone() -> None:
    assert trust.profiles() == [trust.agid()]


def test_a_file_of_ones_own_stands_beside_agid(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.pem"
    file.write_bytes(authority().anchor)

    assert verified(receipt(), profiles=trust.profiles(file)).is_verified_receipt
    assert verified(receipt(), profiles=trust.profiles()).why is Why.UNKNOWN_ISSUER


def test_of_a_folder_every_pem_file_counts_and_a_file_can_hold_several(tmp_path: Path) -> None:
    first, second = make_authority(), make_authority()
    (tmp_path / "a.crt").write_bytes(first.anchor + second.anchor)
    (tmp_path / "b.PEM").write_bytes(authority().anchor)
    (tmp_path / "notes.txt").write_text("not an anchor")

    [_, own] = trust.profiles(tmp_path)

    assert own.anchors == (first.root, second.root, authority().root)


def test_agids_root_among_ones_own_does_not_open_its_gate(tmp_path: Path) -> None:
    (tmp_path / "actalis.pem").write_bytes(trust.agid().anchors[0].public_bytes(Encoding.PEM))

    [_, own] = trust.profiles(tmp_path)

    assert own.anchors == ()
    assert verified(receipt(), profiles=trust.profiles(tmp_path)).verdict is Verdict.INTACT


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("missing.pem", None, "can't read the anchors"),
        ("empty.pem", b"", "holds no certificate in PEM form"),
        ("der.pem", b"\x30\x82\x01\x00", "holds no certificate in PEM form"),
        ("damaged.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "in PEM form"),
    ],
)
def test_a_file_that_holds_no_anchor_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes | None, problem: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(trust.AnchorsError, match=problem):
        trust.profiles(file)


def test_a_folder_without_anchors_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(trust.AnchorsError, match="holds no anchor"):
        trust.profiles(tmp_path)
