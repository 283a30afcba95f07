"""The receipt that a signed mail is: what was signed decides, and nothing outside of it."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from archive.certified import is_trusted, receipt_of, without_original
from archive.signatures import Verification, Why
from pec.receipts import Kind, Named, Receipt
from sandbox.authority import make_authority, make_signer
from sandbox.receipt_signing import Encoded
from sandbox.signed_receipts import ReceiptFacts
from tests.signing import ACCEPTED, BOUNCED, DELIVERED, ENVELOPE, PROVIDER, authority, receipt, verified

CODE = "2026112010300042"
SUBJECT = f"Fattura n. 1 è qui [rif. 7KQ2] {CODE}"


def certified(facts: ReceiptFacts, **how: object) -> Receipt:
    found = receipt_of(verified(receipt(replace(facts, subject=SUBJECT), **how)))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_facts_come_from_what_was_signed() -> None:
    found = certified(DELIVERED)

    assert (found.kind, found.code, found.subject) == (Kind.CONSEGNA, CODE, "Fattura n. 1 è qui [rif. 7KQ2]")
    assert (found.date, found.sender) == (DELIVERED.at, PROVIDER)
    assert found.named == (Named("mario@pec.example", True),)
    assert found.text is None  # the original has it
    assert found.original
    assert (found.original.verdict, found.original.identificativo) == ("verified", DELIVERED.identificativo)


def test_a_receipt_whose_original_is_not_kept_has_its_text() -> None:
    verification = verified(receipt(replace(DELIVERED, subject=SUBJECT)))
    found = receipt_of(verification)
    assert found

    kept = without_original(found, verification)

    assert (kept.original, kept.text) == (None, DELIVERED.text)


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_original_without_a_text_says_so(text: str) -> None:
    assert certified(replace(DELIVERED, text=text)).text == ""


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("encoded", Encoded)
def test_every_shape_of_signature_gives_the_same_receipt(digest: str, encoded: Encoded) -> None:
    found = certified(DELIVERED, digest=digest, encoded=encoded)

    assert replace(found, original=None) == replace(certified(DELIVERED), original=None)


def test_headers_that_say_otherwise_change_nothing() -> None:
    raw = receipt(replace(BOUNCED, subject=SUBJECT))
    _, _, below = raw.partition(b"\r\nFrom: ")
    forged = b"X-Ricevuta: avvenuta-consegna\r\nSubject: CONSEGNA: x 2026112010309999\r\nFrom: " + below

    found = receipt_of(verified(forged))

    assert found
    assert (found.kind, found.code, found.error) == (Kind.MANCATA_CONSEGNA, CODE, "5.1.1")


def test_an_acceptance_names_each_recipient_with_its_kind() -> None:
    ordinary = certified(
        replace(ACCEPTED, recipients=["a@pec.example", "b@mail.example"], ordinary=["b@mail.example"])
    )

    assert ordinary.named == (Named("a@pec.example", True), Named("b@mail.example", False))


@pytest.mark.parametrize(
    ("text", "final"), [("entro dodici ore", False), ("nelle ventiquattro ore", True), ("", None)]
)
def test_a_notice_of_a_time_out_is_recognised_by_its_signed_text(text: str, final: bool | None) -> None:
    assert (
        certified(replace(BOUNCED, kind="preavviso-errore-consegna", error_text="", text=text)).final is final
    )


def test_a_virus_is_certified() -> None:
    assert certified(replace(BOUNCED, error="virus")).virus


def test_a_provider_of_an_unknown_authority_is_intact() -> None:
    found = certified(DELIVERED, by=make_signer(make_authority(), PROVIDER))

    assert found.original
    assert found.original.verdict == "intact"


def none_for(raw: bytes) -> Verification:
    found = verified(raw)
    assert receipt_of(found) is None
    return found


def test_what_is_no_receipt_of_a_message_with_a_code_is_none() -> None:
    none_for(receipt(replace(ENVELOPE, subject=SUBJECT)))
    none_for(receipt(replace(DELIVERED, subject="Fattura")))


def test_a_changed_receipt_is_not_trusted() -> None:
    raw = receipt(replace(DELIVERED, subject=SUBJECT))

    assert not is_trusted(none_for(raw.replace(b"daticert.xml", b"Daticert.xml", 1)))


def test_a_signer_that_is_no_provider_is_not_trusted() -> None:
    someone = make_signer(make_authority(), "mario@pec.example")

    none_for(receipt(replace(DELIVERED, subject=SUBJECT), someone, sent_by="mario@pec.example"))


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        ({"organisation": "Sandbox PEC S.p.A. e figli"}, Why.NAMES_NOT_ALLOWED),
        ({"purpose": ExtendedKeyUsageOID.CODE_SIGNING}, Why.NOT_FOR_MAIL),
    ],
)
def test_a_signer_that_a_known_authority_speaks_against_is_not_trusted(
    certificate: dict[str, Any], why: Why
) -> None:
    raw = receipt(replace(DELIVERED, subject=SUBJECT), make_signer(authority(), **certificate))

    found = none_for(raw)

    assert (found.why, is_trusted(found)) == (why, False)


def test_a_certificate_for_a_provider_and_someone_else_is_not_trusted() -> None:
    """An unknown authority changes nothing: the chain says nothing of the certificate."""
    two = make_signer(make_authority(), PROVIDER, "mario@pec.example")

    none_for(receipt(replace(DELIVERED, subject=SUBJECT), two))
