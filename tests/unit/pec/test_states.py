"""The state of a sent PEC is a function of the set of its receipts and the time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.names import State
from pec.receipts import Kind, Named, Receipt
from pec.states import ReceiptRules, Verdict, judge
from tests.unit.pec.sent_receipts import (
    ACCEPTED,
    DELIVERED,
    FAILED,
    FINAL,
    HOUR,
    ORDINARY,
    OTHER,
    REFUSED,
    SENT_AT,
    TO,
    WARNING,
    receipt,
)

ALL = (ACCEPTED, ORDINARY, REFUSED, DELIVERED, FAILED, WARNING, FINAL)


def verdict(known: Sequence[Receipt], after: timedelta = HOUR, to: tuple[str, ...] = (TO,)) -> Verdict:
    facts = ReceiptRules(to, SENT_AT, deadline=30 * HOUR, warning_age=22 * HOUR)
    return judge(known, facts, SENT_AT + after)


@given(st.lists(st.sampled_from(ALL), max_size=8), st.randoms(), st.integers(0, 40))
def test_neither_order_nor_repetition_matters(known: list[Receipt], chance: object, hours: int) -> None:
    shuffled = [*known, *known[:3]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert verdict(shuffled, hours * HOUR) == verdict(known, hours * HOUR)


@pytest.mark.parametrize(
    ("known", "ending"),
    [
        (
            [ACCEPTED, replace(DELIVERED, date=SENT_AT + HOUR), replace(DELIVERED, date=SENT_AT + 2 * HOUR)],
            HOUR,
        ),
        ([ACCEPTED, replace(FAILED, date=SENT_AT + HOUR)], HOUR),
        ([ACCEPTED, WARNING, FINAL], 24 * HOUR),
        (
            [ACCEPTED, replace(FAILED, date=SENT_AT + HOUR), replace(DELIVERED, date=SENT_AT + 3 * HOUR)],
            3 * HOUR,
        ),
        ([replace(REFUSED, date=SENT_AT + HOUR)], HOUR),
        ([replace(DELIVERED, date=None)], None),
        ([ORDINARY], None),
        ([ACCEPTED], None),
    ],
)
def test_an_end_has_the_date_of_the_receipt_that_brings_it_about(
    known: list[Receipt], ending: timedelta | None
) -> None:
    assert verdict(known).ending_at == (ending and SENT_AT + ending)


def test_of_several_recipients_the_last_one_dates_the_end() -> None:
    first = receipt(Kind.CONSEGNA, HOUR)
    last = receipt(Kind.CONSEGNA, 2 * HOUR, named=(Named(OTHER, True),))

    assert verdict([ACCEPTED, first, last], to=(TO, OTHER)).ending_at == SENT_AT + 2 * HOUR
    assert verdict([ACCEPTED, first], to=(TO, OTHER)).ending_at is None


@given(st.lists(st.sampled_from(ALL)), st.integers(0, 100))
def test_a_consegna_always_wins(known: list[Receipt], hours: int) -> None:
    assert verdict([*known, DELIVERED], hours * HOUR).state is State.DELIVERED


@pytest.mark.parametrize(
    ("known", "hours", "state"),
    [
        ([], 1, State.SENT),
        ([], 30, State.EXPIRED),
        ([ACCEPTED], 29, State.ACCEPTED),
        ([ACCEPTED], 30, State.EXPIRED),
        ([ACCEPTED, WARNING], 13, State.DELAYED),
        ([ACCEPTED, WARNING], 30, State.EXPIRED),
        ([ACCEPTED, WARNING, FINAL], 25, State.UNDELIVERED),
        ([ACCEPTED, FINAL], 25, State.UNDELIVERED),
        ([ACCEPTED, FAILED], 1, State.UNDELIVERED),
        ([ACCEPTED, FAILED], 50, State.UNDELIVERED),
        ([ORDINARY], 1, State.UNCERTIFIED),
        ([ORDINARY], 31, State.UNCERTIFIED),
        ([ORDINARY, FAILED], 1, State.UNDELIVERED),
        ([REFUSED, FAILED], 1, State.REFUSED),
    ],
)
def test_the_strongest_receipt_decides(known: list[Receipt], hours: int, state: State) -> None:
    assert verdict(known, hours * HOUR).state is state


@pytest.mark.parametrize(
    ("hours", "state"), [(12, State.DELAYED), (21, State.DELAYED), (22, State.UNDELIVERED)]
)
def test_a_notice_whose_text_does_not_say_is_judged_by_its_age(hours: int, state: State) -> None:
    notice = receipt(Kind.PREAVVISO, hours * HOUR, final=None)
    assert verdict([ACCEPTED, notice], 25 * HOUR).state is state


def test_two_notices_of_twelve_hours_are_not_a_final_one() -> None:
    again = receipt(Kind.PREAVVISO, 13 * HOUR, final=False)
    assert verdict([ACCEPTED, WARNING, again], 14 * HOUR).state is State.DELAYED


def named(kind: Kind, address: str) -> Receipt:
    return receipt(kind, named=(Named(address, True),))


BOTH_ACCEPTED = receipt(Kind.ACCETTAZIONE, named=(Named(TO, True), Named(OTHER, True)))


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ([BOTH_ACCEPTED], State.ACCEPTED),
        ([BOTH_ACCEPTED, named(Kind.CONSEGNA, TO)], State.ACCEPTED),
        ([BOTH_ACCEPTED, named(Kind.CONSEGNA, TO), named(Kind.CONSEGNA, OTHER)], State.DELIVERED),
        ([BOTH_ACCEPTED, named(Kind.CONSEGNA, TO), named(Kind.MANCATA_CONSEGNA, OTHER)], State.UNDELIVERED),
        ([named(Kind.NON_ACCETTAZIONE, TO)], State.REFUSED),
    ],
)
def test_a_pec_to_several_ends_when_all_have_as_the_worst_of_them(known: list[Receipt], state: State) -> None:
    assert verdict(known, to=(TO, OTHER)).state is state


def test_each_of_several_recipients_has_a_state_of_its_own() -> None:
    mixed = receipt(Kind.ACCETTAZIONE, named=(Named(TO, True), Named(OTHER, False)))
    shown = verdict([mixed, named(Kind.CONSEGNA, TO.upper())], to=(TO, OTHER))
    assert shown.outcomes == {TO: State.DELIVERED, OTHER: State.UNCERTIFIED}
    assert shown.state is State.UNCERTIFIED


def test_a_bad_end_says_why() -> None:
    reason = verdict([ACCEPTED, FAILED]).reason
    assert reason is not None
    assert (reason.code, reason.details["error"]) == ("not_delivered", "5.1.1")


@pytest.mark.parametrize("domain", ["xn--societ-nta.example", "società.example", "XN--Societ-nta.Example"])
@pytest.mark.parametrize("stored", ["xn--societ-nta.example", "società.example"])
def test_each_of_several_recipients_is_known_by_either_spelling_of_its_domain(
    stored: str, domain: str
) -> None:
    to = (f"a@{stored}", f"b@{stored}")
    names = tuple(Named(f"{local}@{domain}", True) for local in "ab")
    accepted = receipt(Kind.ACCETTAZIONE, named=names)
    delivered = receipt(Kind.CONSEGNA, named=names[:1])

    assert verdict([accepted, delivered], to=to).outcomes == {to[0]: State.DELIVERED, to[1]: State.ACCEPTED}


def test_a_24_hour_notice_that_names_a_full_mailbox_says_so() -> None:
    found = verdict([ACCEPTED, replace(FINAL, error="4.2.2")], 25 * HOUR).reason
    plain = verdict([ACCEPTED, replace(FINAL, error="5.4.1")], 25 * HOUR).reason

    assert found
    assert (found.code, found.details) == ("delivery_timeout", {"error": "4.2.2"})
    assert found.description.endswith(": the mailbox is full")
    assert plain
    assert plain.details == {}


def test_the_reason_for_a_full_mailbox_is_one_that_people_know() -> None:
    found = verdict([ACCEPTED, replace(FAILED, error="5.2.2")]).reason

    assert found
    assert found.code == "not_delivered"
    assert found.description == "the recipient's provider did not deliver it: the mailbox is full"
