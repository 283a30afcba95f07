"""A send whose answer was lost is found by its receipts, and never by those of another."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.receipts import Heading, Kind, Mail, find
from pec.subjects import reference_tag
from tests.unit.pec.strategies import (
    FOREIGN_HEADINGS,
    PATIENT,
    PROVIDER,
    RECEIPT_HEADINGS,
    codes,
    mail_of,
    mangled,
    subjects,
)

CODE = "2026112310300042"
REFERENCE = "7K2QX"
LONG = "Comunicazione importante a tutti i soci del 2026 n. 12"

references = st.text("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=5, max_size=5)


def an_acceptance(subject: str, sender: str = PROVIDER) -> Mail:
    date = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    return Mail(sender, "acme@pec.example", date, f"ACCETTAZIONE: {subject}", None)


@given(st.data(), st.sampled_from(RECEIPT_HEADINGS), subjects(), references, codes())
@PATIENT
def test_any_receipt_with_the_reference_reports_the_code(
    data: st.DataObject, heading: Heading, subject: str, reference: str, code: str
) -> None:
    mail = mail_of(heading, f"{data.draw(mangled(subject))} {reference_tag(reference)}", code)
    found = find(mail, f"{subject} {reference_tag(reference)}", reference)

    assert found is not None
    assert (found.kind, found.code) == (heading.kind, code)
    assert found.subject.endswith(reference_tag(reference))


@given(subjects(), references, references, codes())
@PATIENT
def test_another_attempt_of_the_same_subject_is_never_taken_for_this_one(
    subject: str, ours: str, theirs: str, code: str
) -> None:
    found = find(
        an_acceptance(f"{subject} {reference_tag(theirs)} {code}"), f"{subject} {reference_tag(ours)}", ours
    )

    assert (found is not None) == (ours == theirs)


def test_without_a_reference_the_whole_subject_decides() -> None:
    found = find(an_acceptance(f"Perch\ufffd no {CODE}"), "Perché no", None)

    assert found is not None
    assert (found.kind, found.code, found.subject) == (Kind.ACCETTAZIONE, CODE, "Perch\ufffd no")


@pytest.mark.parametrize(
    "quoted",
    [
        f"Fattura {reference_tag('7K2QY')}",
        f"Fattura {reference_tag('7k2qx')}",
        f"Fattura {reference_tag('7K2Q')}",
        "Fattura [rif. 7K2QX",
        f"Fattura {reference_tag(REFERENCE)} bis",
        f"{reference_tag(REFERENCE)} Fattura",
        f"Sollecito {reference_tag(REFERENCE)}",
        f"RE: Fattura {reference_tag(REFERENCE)}",
        "Fattura",
    ],
)
def test_a_reference_that_differs_in_anything_is_another(quoted: str) -> None:
    assert find(an_acceptance(f"{quoted} {CODE}"), f"Fattura {reference_tag(REFERENCE)}", REFERENCE) is None


@pytest.mark.parametrize(
    "quoted", [LONG[:-1], LONG[:40], LONG + "3", f"{LONG} {reference_tag(REFERENCE)}", "", "Altro"]
)
def test_without_a_reference_no_other_subject_matches_not_even_a_shorter_one(quoted: str) -> None:
    assert find(an_acceptance(f"{quoted} {CODE}"), LONG, None) is None


def test_a_subject_with_nothing_left_to_compare_is_found_only_by_its_reference() -> None:
    assert find(an_acceptance(f"\ufffd\ufffd {CODE}"), "日本", None) is None
    assert find(
        an_acceptance(f"\ufffd\ufffd {reference_tag(REFERENCE)} {CODE}"),
        f"日本 {reference_tag(REFERENCE)}",
        REFERENCE,
    )


@pytest.mark.parametrize(
    "end", ["", " 20261123103000", " 202611231030004212345", "2026112310300042", " 2026132310300042"]
)
def test_a_subject_without_a_code_after_it_reports_nothing(end: str) -> None:
    assert find(an_acceptance(f"Fattura{end}"), "Fattura", None) is None


@given(st.sampled_from(FOREIGN_HEADINGS), subjects(), codes())
@PATIENT
def test_a_mail_that_another_sender_sent_us_reports_nothing(
    heading: Heading, subject: str, code: str
) -> None:
    assert find(mail_of(heading, f"ACCETTAZIONE: {subject}", code), f"ACCETTAZIONE: {subject}", None) is None
    assert find(mail_of(heading, subject, code), subject, None) is None


def test_only_a_provider_and_a_known_heading_count() -> None:
    forged = an_acceptance(f"Fattura {CODE}", '"posta-certificata@pec.aruba.it" mario@pec.example')
    unknown = Mail(PROVIDER, "", None, f"ALTRO: Fattura {CODE}", None)

    assert find(forged, "Fattura", None) is None
    assert find(unknown, "Fattura", None) is None
    assert find(unknown, "ALTRO: Fattura", None) is None
