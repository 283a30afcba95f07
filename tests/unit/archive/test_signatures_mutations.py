"""Whatever is done to real structures: verification ends in a verdict, and no change of what is signed is verified."""

import base64
import re
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.sent import compare
from archive.signatures import Verdict, Verification, verify
from sandbox.receipt_signing import Encoded
from tests.signing import BOUNCED, DELIVERED, PDF, profiles, receipt, verified

SHAPES = [
    (facts, digest, encoded)
    for facts in (BOUNCED, DELIVERED)
    for digest in ("sha1", "sha256")
    for encoded in Encoded
]
CHEAP = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from(
    [
        *(b"\r\n", b"\n", b"\x00", b"\xff", b"--", b"=", b"<", b"&", b";", b'"', b"From: x@y.example\r\n"),
        *(b"Content-Type: text/plain\r\n", b"\r\n\r\n", b"\x30\x80", b"\x31\x82\xff\xff", b"\x00\x00"),
        b'Content-Type: application/xml; name="daticert.xml"\r\n\r\n<postacert tipo="avvenuta-consegna"/>\r\n',
    ]
)


@cache
def original(shape: int) -> tuple[bytes, Verification]:
    facts, digest, encoded = SHAPES[shape]
    raw = receipt(facts, digest=digest, encoded=encoded)
    return raw, verified(raw)


shapes = st.integers(0, len(SHAPES) - 1)


def must_be_safe(raw: bytes, true: Verification) -> None:
    """A verdict, and a verified one only of the same facts and the same content."""
    found = verify(raw, profiles())
    compare(found, PDF)
    if found.verdict in (Verdict.VERIFIED, Verdict.INTACT):
        assert found.daticert == true.daticert
        assert found.signed_at == true.signed_at
        assert (found.postacert or b"").split() == (true.postacert or b"").split()


@CHEAP
@given(shapes, st.data())
def test_no_change_of_a_mail_is_taken_for_the_original(shape: int, data: st.DataObject) -> None:
    raw, true = original(shape)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(
            st.one_of(
                st.just(start), st.integers(start, min(len(raw), start + 40)), st.integers(start, len(raw))
            )
        )
        raw = raw[:start] + data.draw(st.one_of(st.just(b""), PIECES, st.binary(max_size=8))) + raw[end:]

    must_be_safe(raw, true)


@CHEAP
@given(shapes, st.data())
def test_no_change_of_a_signature_makes_another_content_verified(shape: int, data: st.DataObject) -> None:
    raw, true = original(shape)
    own = _p7s(raw)
    structure = bytearray(base64.b64decode(own))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(structure) - 1))
        structure[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(structure)), st.integers(0, len(structure))))

    must_be_safe(raw.replace(own, base64.encodebytes(bytes(structure[:cut])).replace(b"\n", b"\r\n")), true)


@CHEAP
@given(shapes, shapes, st.data())
def test_parts_of_two_receipts_are_never_one(first: int, second: int, data: st.DataObject) -> None:
    (one, true), (other, _) = original(first), original(second)
    cuts = data.draw(st.tuples(st.integers(0, len(one)), st.integers(0, len(other))))

    found = verify(one[: cuts[0]] + other[cuts[1] :], profiles())

    if found.is_verified_receipt:
        assert found.daticert in (true.daticert, original(second)[1].daticert)


@CHEAP
@given(st.binary(max_size=300))
def test_any_bytes_get_a_verdict(raw: bytes) -> None:
    assert verify(raw, profiles()).verdict is Verdict.UNSIGNED


def _p7s(raw: bytes) -> bytes:
    found = re.search(rb'filename="smime.p7s"\r\n\r\n(.*?)\r\n\r\n', raw, re.DOTALL)
    assert found is not None
    return found[1]
