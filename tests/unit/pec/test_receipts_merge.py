"""A receipt seen twice is one; two receipts are two; order and repetition don't matter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pec.originals import Original
from pec.receipt_merge import merge
from pec.receipts import Kind, Named, Receipt
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


def test_one_whose_text_names_no_recipient_has_the_same_key_with_and_without_it() -> None:
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


# Originals

PEC_ID = "opec1.20261123093000.1@pec.example"


def signed(
    receipt: Receipt, sha256: str = "a" * 64, identificativo: str = PEC_ID, verdict: str = "verified"
) -> Receipt:
    return replace(receipt, original=Original(sha256, 4900, verdict, identificativo, NINE_THIRTY))


@st.composite
def with_originals(draw: st.DrawFn) -> list[Receipt]:
    """Receipts of one code, some of them signed: of one PEC or of another, with the same dates."""
    pile = draw(piles)
    ids = st.sampled_from([PEC_ID, "opec2@pec.example"])
    verdicts = st.sampled_from(["verified", "intact"])
    texts = st.sampled_from([None, ""])
    return [
        signed(
            replace(one, text=draw(st.sampled_from([one.text, draw(texts)]))),
            draw(st.sampled_from(["a", "b", "c"])) * 64,
            draw(ids),
            draw(verdicts),
        )
        if draw(st.booleans())
        else one
        for one in pile
    ]


@given(with_originals(), with_originals(), st.randoms(use_true_random=False))
@PATIENT
def test_any_order_of_both_readers_gives_the_same(
    one: list[Receipt], other: list[Receipt], chance: Random
) -> None:
    everything = one + other
    shuffled = everything + other
    chance.shuffle(shuffled)
    merged = merge((), shuffled)

    assert merge(one, other) == merged
    assert merge(merged, everything) == merged
    assert len({receipt.key for receipt in merged}) == len(merged)
    assert {receipt.kind for receipt in merged} == {receipt.kind for receipt in everything}
    facts = {(one.kind, one.identificativo, one.named, one.second) for one in everything if one.original}
    assert facts == {(one.kind, one.identificativo, one.named, one.second) for one in merged if one.original}


def test_a_signed_receipt_stands_for_what_the_api_showed_of_it() -> None:
    text = f'Il messaggio "Fattura {CODE}" è stato consegnato. Identificativo messaggio: {PEC_ID}'
    original = signed(replace(TO_B, text="from the mail", sender="posta-certificata@other.example"))
    listed, fetched = (
        replace(LISTED, date=None),
        replace(TO_B, text=text, date=NINE_THIRTY + timedelta(seconds=9)),
    )

    assert merge([listed, fetched], [original]) == (original,)
    assert merge([original], [fetched]) == (original,)


def test_a_text_of_another_pec_or_recipient_is_another_receipt() -> None:
    original = signed(TO_B)
    other_pec = replace(
        TO_B,
        text=f'"Fattura {CODE}" Identificativo messaggio: opec9@pec.example',
        sender="posta-certificata@x.example",
    )

    assert len(merge([TO_C], [original])) == 2
    assert len(merge([other_pec], [original])) == 2


def test_a_signed_receipt_without_a_text_takes_the_one_of_the_api() -> None:
    [merged] = merge([TO_B], [signed(replace(TO_B, text=""))])

    assert merged.text == TO_B.text
    assert merged.original
    assert merge([merged], [signed(replace(TO_B, text="")), TO_B]) == (merged,)


def test_a_receipt_whose_original_has_the_text_takes_none_of_the_api() -> None:
    original = signed(replace(TO_B, text=None))

    assert merge([TO_B], [original]) == (original,)
    assert merge([original], [TO_B]) == (original,)


def test_a_text_that_an_older_version_stored_beside_its_original_goes_once_the_mail_is_read_again() -> None:
    older, original = signed(TO_B), signed(replace(TO_B, text=None))

    assert merge([older], [TO_B]) == (older,)
    assert merge([older], [original]) == (original,)


def test_a_mail_that_came_twice_is_one_receipt_by_its_better_verdict() -> None:
    better, worse = signed(TO_B, "b" * 64), signed(TO_B, "a" * 64, verdict="intact")

    assert merge([worse], [better]) == (better,)
    assert merge([better], [worse]) == (better,)


def test_both_notices_of_a_time_out_stay_two() -> None:
    warning = replace(TO_B, kind=Kind.PREAVVISO, final=False)
    last = replace(TO_B, kind=Kind.PREAVVISO, final=True, date=NINE_THIRTY + timedelta(hours=12))
    unclear = replace(last, final=None, text=None, named=())

    merged = merge([warning, unclear], [signed(warning), signed(last, "b" * 64)])

    assert [(one.final, one.original is not None) for one in merged] == [(False, True), (True, True)]
