"""A receipt seen twice is one; two receipts are two; order and repetition don't matter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pec.receipts import Kind, Named, Receipt, merge
from tests.unit.pec.strategies import PATIENT, PROVIDER, receipts

CODE = "2026112310300042"
NINE_THIRTY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LISTED = Receipt(Kind.CONSEGNA, "Fattura", CODE, NINE_THIRTY, False, (), None, None, None, PROVIDER)
TO_B = replace(LISTED, named=(Named("b@pec.example", None),), text="consegnato a b")
TO_C = replace(LISTED, named=(Named("c@pec.example", None),), text="consegnato a c")

piles = st.lists(receipts(), max_size=12)


@given(piles, piles, st.randoms(use_true_random=False))
@PATIENT
def test_any_order_and_repetition_give_the_same(
    one: list[Receipt], other: list[Receipt], chance: Random
) -> None:
    everything = one + other
    shuffled = everything + other
    chance.shuffle(shuffled)
    merged = merge(one, other)

    assert merge(other, one) == merged
    assert merge((), shuffled) == merged
    assert merge(merge(one, ()), other) == merged
    assert merge(merged, everything) == merged


@given(piles, piles)
@PATIENT
def test_keys_are_unique_and_nothing_with_a_text_goes(one: list[Receipt], other: list[Receipt]) -> None:
    merged = merge(one, other)

    assert len({receipt.key for receipt in merged}) == len(merged)
    assert {receipt.key for receipt in one + other if receipt.text} <= {receipt.key for receipt in merged}


@given(piles)
@PATIENT
def test_no_kind_comes_or_goes(pile: list[Receipt]) -> None:
    assert {receipt.kind for receipt in merge(pile, ())} == {receipt.kind for receipt in pile}


def test_one_seen_in_a_list_and_then_with_its_text_stays_one_with_the_text() -> None:
    assert merge([LISTED], [TO_B]) == (TO_B,)
    assert merge([TO_B], [LISTED]) == (TO_B,)


def test_one_whose_text_names_nobody_has_the_same_key_with_and_without_it() -> None:
    fetched = replace(LISTED, text="consegnato")

    assert fetched.key == LISTED.key
    assert merge([LISTED], [fetched]) == (fetched,)
    assert merge([fetched], [LISTED]) == (fetched,)


def test_one_whose_date_could_not_be_read_in_the_list_stays_one() -> None:
    assert merge([replace(LISTED, date=None)], [TO_B]) == (TO_B,)


def test_two_recipients_can_get_it_in_the_same_second() -> None:
    assert set(merge([TO_B], [TO_C, LISTED])) == {TO_B, TO_C}


def test_the_twelve_and_the_twenty_four_hour_notice_are_two_even_without_a_date() -> None:
    warning = replace(TO_B, kind=Kind.PREAVVISO, date=None, final=False, text="dodici ore")
    timeout = replace(warning, final=True, text="ventiquattro ore")

    assert set(merge([warning], [timeout])) == {warning, timeout}


def test_those_of_other_seconds_kinds_codes_and_providers_are_others() -> None:
    others = [
        replace(LISTED, date=NINE_THIRTY + timedelta(seconds=1)),
        replace(LISTED, kind=Kind.ACCETTAZIONE),
        replace(LISTED, code="202611231030004"),
        replace(LISTED, sender="posta-certificata@pec.aruba.it"),
        replace(LISTED, virus=True),
    ]

    assert len(merge([LISTED], others)) == 6


def test_what_differs_only_by_its_writing_is_one() -> None:
    rome = replace(TO_B, date=NINE_THIRTY.astimezone(timezone(timedelta(hours=1))))
    shouted = replace(TO_B, named=(Named("B@PEC.example", True),), subject="Fattur\ufffd")

    assert {TO_B.key, rome.key, shouted.key} == {TO_B.key}
    assert len(merge([TO_B], [rome, shouted])) == 1


def test_the_longest_text_of_a_receipt_is_kept() -> None:
    longer = replace(TO_B, text="<p>consegnato a b</p>")

    assert merge([TO_B], [longer]) == merge([longer], [TO_B]) == (longer,)


def test_of_two_texts_as_long_the_same_one_is_kept_whichever_came_first() -> None:
    other = replace(TO_B, text="CONSEGNATO A B")

    assert merge([TO_B], [other]) == merge([other], [TO_B])


@given(piles)
@PATIENT
def test_they_come_in_order_of_time(pile: list[Receipt]) -> None:
    dates = [receipt.date for receipt in merge(pile, ()) if receipt.date]

    assert dates == sorted(dates)


def test_they_come_oldest_first_and_undated_ones_last() -> None:
    late = replace(TO_B, date=NINE_THIRTY + timedelta(hours=1))
    undated = replace(TO_C, date=None)

    assert merge([undated, late], [TO_C]) == (TO_C, late, undated)


def test_a_key_is_short_and_never_changes_from_one_process_to_the_next() -> None:
    assert LISTED.key == "4701b963d7e855f4"
    assert TO_B.key == "4a72e09221e7ae7b"
