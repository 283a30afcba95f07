"""Verdicts on whole receipts: true ones in each shape, and those that were changed, cut or forged."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archive import trust
from archive.signatures import Verdict, Why
from sandbox.authority import make_authority, make_signer
from sandbox.receipt_signing import Encoded, sign_mail
from sandbox.signed_receipts import ReceiptFacts, content_of
from tests import spoiling
from tests.signing import (
    ACCEPTED,
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

# True ones


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("encoded", Encoded)
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r\r\n"])
def test_a_receipt_is_verified_in_each_shape_that_providers_and_tools_give_it(
    digest: str, encoded: Encoded, line_end: bytes
) -> None:
    raw = receipt(digest=digest, encoded=encoded).replace(b"\r\n", line_end)

    found = verified(raw)

    assert (found.verdict, found.why) == (Verdict.VERIFIED, None)
    assert found.is_verified_receipt
    assert (found.digest, found.profile) == (digest, "settings")
    assert found.sha256 == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize("facts", [ACCEPTED, DELIVERED, BOUNCED])
def test_the_facts_come_from_the_signed_part(facts: ReceiptFacts) -> None:
    found = verified(receipt(facts))

    assert found.daticert is not None
    assert found.daticert.kind == facts.kind
    assert found.daticert.dated_at == found.signed_at == AT
    assert found.daticert.identificativo == facts.identificativo
    assert found.daticert.subject == facts.subject


def test_the_whole_path_is_given() -> None:
    found = verified(receipt())

    assert found.signer == signer().certificate
    assert found.chain == (signer().certificate, authority().certificate, authority().root)


def test_a_complete_receipt_without_the_pec_inside_is_verified_all_the_same() -> None:
    found = verified(receipt(postacert=None))

    assert found.is_verified_receipt
    assert found.postacert is None


def test_what_stands_before_the_first_and_after_the_last_delimiter_does_not_count() -> None:
    raw = receipt() + b"-- \r\nchecked by a mail filter\r\n"

    assert verified(raw.replace(b"This is an S/MIME signed message", b"Signed")).is_verified_receipt


def test_a_line_that_mbox_files_have_does_not_count() -> None:
    assert verified(
        b"From posta-certificata@pec.example Fri Nov 20 10:30:00 2026\n" + receipt()
    ).is_verified_receipt


def test_a_certificate_that_has_ended_since_is_judged_at_the_instant_of_signing() -> None:
    at = datetime(2018, 11, 13, 15, 0, tzinfo=UTC)
    brief = make_signer(authority(), valid=(at - timedelta(days=1), at + timedelta(days=1)))

    assert verified(receipt(replace(DELIVERED, at=at), brief)).is_verified_receipt


# Headers are not signed


def test_forged_headers_change_neither_the_verdict_nor_the_facts() -> None:
    raw = receipt(BOUNCED)
    forged = raw.replace(b"X-Ricevuta: errore-consegna", b"X-Ricevuta: avvenuta-consegna")
    forged = re.sub(rb"Subject: [^\r]*", b"Subject: CONSEGNA: Fattura n. 1", forged, count=1)

    found = verified(forged)

    assert found.verdict is Verdict.VERIFIED
    assert found.daticert is not None
    assert found.daticert.kind == "errore-consegna"


@pytest.mark.parametrize(
    "sender",
    [
        b"From: posta-certificata@other.example\r\n",
        b"",
        b"From: posta-certificata@pec.example, x@pec.example\r\n",
        b"From: posta-certificata@pec.example\r\nFrom: other@pec.example\r\n",
    ],
)
def test_a_mail_from_another_than_its_signer_is_not_verified(sender: bytes) -> None:
    found = verified(receipt().replace(f"From: {PROVIDER}\r\n".encode(), sender, 1))

    assert (found.verdict, found.why) == (Verdict.INTACT, Why.OTHER_SENDER)


def test_an_envelope_is_signed_and_is_no_receipt() -> None:
    found = verified(receipt(ENVELOPE))

    assert (found.verdict, found.why) == (Verdict.VERIFIED, Why.ENVELOPE)
    assert not found.is_verified_receipt


def test_facts_that_a_sender_attached_to_a_pec_are_not_the_receipts() -> None:
    inside = SENT.replace(b"--sent--", b"--sent\r\n" + spoiling.FORGED + b"--sent--")

    found = verified(receipt(ENVELOPE, postacert=inside))

    assert found.why is Why.ENVELOPE


# Changed, cut, doubled, forged


@pytest.mark.parametrize(
    ("spoil", "verdict", "why"),
    [
        (spoiling.one_space_more, Verdict.ALTERED, Why.CONTENT_CHANGED),
        (spoiling.other_facts, Verdict.ALTERED, Why.CONTENT_CHANGED),
        (spoiling.signature_of_another, Verdict.ALTERED, Why.CONTENT_CHANGED),
        (spoiling.third_part, Verdict.ALTERED, Why.NOT_TWO_PARTS),
        (spoiling.part_in_front, Verdict.ALTERED, Why.NOT_TWO_PARTS),
        (spoiling.signature_doubled, Verdict.ALTERED, Why.NOT_TWO_PARTS),
        (spoiling.other_content_type_later, Verdict.ALTERED, Why.NOT_TWO_PARTS),
        (spoiling.other_content_type_too, Verdict.UNSIGNED, Why.NOT_SIGNED),
        (spoiling.whole_mail_doubled, Verdict.ALTERED, Why.NOT_TWO_PARTS),
        (spoiling.last_delimiter_opened_again, Verdict.ALTERED, Why.NOT_TWO_PARTS),
        (spoiling.cut_in_the_signature, Verdict.ALTERED, Why.CUT),
        (spoiling.p7s_cut, Verdict.ALTERED, Why.SIGNATURE_UNREADABLE),
        (spoiling.p7s_missing, Verdict.UNSIGNED, Why.SIGNATURE_MISSING),
        (spoiling.p7s_of_another_type, Verdict.UNSIGNED, Why.SIGNATURE_MISSING),
        (spoiling.parts_exchanged, Verdict.UNSIGNED, Why.SIGNATURE_MISSING),
        (spoiling.cut_in_the_content, Verdict.UNSIGNED, Why.SIGNATURE_MISSING),
        (spoiling.no_longer_said_to_be_signed, Verdict.UNSIGNED, Why.NOT_SIGNED),
        (spoiling.forwarded, Verdict.UNSIGNED, Why.NOT_SIGNED),
        (lambda _: b"", Verdict.UNSIGNED, Why.NO_MAIL),
        (lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", Verdict.UNSIGNED, Why.NO_MAIL),
        (lambda _: b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", Verdict.UNSIGNED, Why.NO_MAIL),
    ],
)
def test_what_was_changed_cut_or_doubled_is_refused(spoil: object, verdict: Verdict, why: Why) -> None:
    assert callable(spoil)

    found = verified(spoil(receipt(BOUNCED)))

    assert (found.verdict, found.why) == (verdict, why)
    assert found.daticert is None
    assert not found.is_verified_receipt


def test_a_signature_by_another_key_beside_a_true_certificate_is_refused() -> None:
    forger = replace(signer(), key=make_signer(authority()).key)

    found = verified(receipt(by=forger))

    assert (found.verdict, found.why, found.daticert) == (Verdict.ALTERED, Why.SIGNATURE_WRONG, None)


def test_a_second_daticert_in_the_signed_part_proves_nothing() -> None:
    content = content_of(DELIVERED, None)
    first = content.index(b"\r\n----------")
    delimiter = content[first : content.index(b"\r\n", first + 2)]
    doubled = content.replace(delimiter, delimiter + b"\r\n" + spoiling.FORGED + delimiter.lstrip(b"\r\n"), 1)
    raw = sign_mail(f"From: {PROVIDER}\r\n".encode(), doubled, signer(), at=AT)

    found = verified(raw)

    assert (found.verdict, found.why) == (Verdict.VERIFIED, Why.SEVERAL_DATICERTS)
    assert found.daticert is None


def test_a_signed_mail_without_facts_is_no_receipt() -> None:
    raw = sign_mail(
        f"From: {PROVIDER}\r\n".encode(), b"Content-Type: text/plain\r\n\r\nciao\r\n", signer(), at=AT
    )

    found = verified(raw)

    assert (found.verdict, found.why) == (Verdict.VERIFIED, Why.NO_DATICERT)


def test_a_receipt_of_an_unknown_kind_is_distinguished() -> None:
    content = content_of(DELIVERED, None)
    facts = base64.encodebytes(b'<postacert tipo="rem-evidence"/>').rstrip()
    start = content.index(b"base64\r\n\r\n", content.index(b"daticert")) + len(b"base64\r\n\r\n")
    content = content[:start] + facts + content[content.index(b"\r\n\r\n--", start) :]

    found = verified(sign_mail(f"From: {PROVIDER}\r\n".encode(), content, signer(), at=AT))

    assert found.why is Why.UNKNOWN_KIND


# Signed by others


def test_another_authoritys_signature_is_intact_and_not_verified() -> None:
    foreign = make_signer(make_authority())

    found = verified(receipt(by=foreign))

    assert (found.verdict, found.why, found.profile) == (Verdict.INTACT, Why.UNKNOWN_ISSUER, "")
    assert found.chain == (foreign.certificate, *foreign.issuers)
    assert found.daticert is not None
    assert not found.is_verified_receipt


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        ({"valid": (datetime(2020, 1, 1, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC))}, Why.NOT_VALID_THEN),
        ({"valid": (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))}, Why.NOT_VALID_THEN),
        ({"organisation": "Somebody S.r.l."}, Why.NAMES_NOT_ALLOWED),
        ({"address": "posta-certificata@sub.pec.example"}, Why.UNKNOWN_ISSUER),
        ({"address": "posta-certificata@other.example"}, Why.UNKNOWN_ISSUER),
        ({"address": "mario@pec.example"}, Why.NO_PROVIDER),
    ],
)
def test_a_certificate_that_is_no_providers_at_that_instant_is_refused(
    certificate: dict[str, object], why: Why
) -> None:
    by = make_signer(authority(), **{"address": PROVIDER, **certificate})  # type: ignore[arg-type]

    found = verified(receipt(by=by, sent_by=str(certificate.get("address", PROVIDER))))

    assert (found.verdict, found.why) == (Verdict.INTACT, why)
    assert not found.is_verified_receipt


def test_without_anchors_of_ones_own_only_agid_counts() -> None:
    found = verified(receipt(), profiles=[trust.agid()])

    assert (found.verdict, found.why) == (Verdict.INTACT, Why.UNKNOWN_ISSUER)
