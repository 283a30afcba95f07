"""When the proof of a PEC is complete, and that it is published once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Receipts, Uncertain
from pec.changes import Change
from pec.messages import Message, from_hash, to_hash
from pec.names import Queue, State
from pec.originals import Original
from pec.proof import lacking, proof_of
from pec.receipt_transitions import TEXT_CHECKS, receipts_observed
from pec.receipts import Kind, Receipt
from pec.transitions import code_revoked
from tests.unit.pec.sent_receipts import ACCEPTED, DELIVERED, FAILED, FINAL, ORDINARY, REFUSED, TO, WARNING

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
SENT = Message(
    id="m", account="acme", recipients=(TO,), subject="s", state=State.SENT, created_at=NOW, updated_at=NOW,
    code="2026112309300001", sent_at=NOW, has_reference=False,
)  # fmt: skip


def bare(receipt: Receipt) -> Receipt:
    return replace(receipt, text=None)


@pytest.mark.parametrize(
    ("state", "receipts"),
    [
        (State.DELIVERED, (ACCEPTED, DELIVERED)),
        (State.DELIVERED, (ACCEPTED, WARNING, DELIVERED)),
        (State.UNDELIVERED, (ACCEPTED, FAILED)),
        (State.UNDELIVERED, (ACCEPTED, WARNING, FINAL)),
        (State.REFUSED, (REFUSED,)),
        (State.UNCERTIFIED, (ORDINARY,)),
        (State.EXPIRED, (ACCEPTED,)),
    ],
)
def test_proof_is_complete_when_each_receipt_of_an_end_has_its_text(
    state: State, receipts: tuple[Receipt, ...]
) -> None:
    assert (proof_of(state, receipts), lacking(state, receipts)) == ("texts", ())
    for one in receipts:
        poorer = [bare(other) if other is one else other for other in receipts]
        assert (proof_of(state, poorer), lacking(state, poorer)) == (None, (one.kind,))


@pytest.mark.parametrize(
    ("state", "receipts", "lacks"),
    [
        (State.DELIVERED, (DELIVERED,), (Kind.ACCETTAZIONE,)),
        (State.DELIVERED, (bare(DELIVERED),), (Kind.ACCETTAZIONE, Kind.CONSEGNA)),
        (State.DELIVERED, (), (Kind.ACCETTAZIONE, Kind.CONSEGNA)),
        (State.UNDELIVERED, (FAILED,), (Kind.ACCETTAZIONE,)),
        (State.EXPIRED, (WARNING,), (Kind.ACCETTAZIONE,)),
        (State.DELIVERED, (ACCEPTED, replace(DELIVERED, text="")), (Kind.CONSEGNA,)),
    ],
)
def test_a_receipt_that_belongs_to_the_end_and_never_came_is_lacking(
    state: State, receipts: tuple[Receipt, ...], lacks: tuple[Kind, ...]
) -> None:
    assert (proof_of(state, receipts), lacking(state, receipts)) == (None, lacks)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.EXPIRED])
def test_an_end_without_any_receipt_has_nothing_to_prove_and_lacks_nothing(state: State) -> None:
    assert (proof_of(state, ()), lacking(state, ())) == (None, ())


@pytest.mark.parametrize("state", [State.SENT, State.ACCEPTED, State.DELAYED])
def test_what_has_not_ended_has_no_proof_yet(state: State) -> None:
    assert (proof_of(state, (ACCEPTED,)), lacking(state, (bare(ACCEPTED),))) == (None, ())


def look(
    message: Message, seen: Sequence[Receipt], kept: Sequence[Receipt] = (), *, from_page: bool = False
) -> Change:
    known = {receipt.key: receipt for receipt in kept}
    until = message.updated_at if from_page else None
    change = receipts_observed(message, known, seen, (), message.updated_at, Receipts(), 0.5, until)
    assert from_hash(message.id, to_hash(change.after)) == change.after
    return change


def published(change: Change) -> list[str]:
    return [event.type for event in change.events]


def test_an_end_seen_with_all_texts_is_complete_in_the_same_commit() -> None:
    change = look(SENT, (ACCEPTED, DELIVERED))

    assert published(change) == ["message.delivered", "proof.complete"]
    assert all('"proof":"texts"' in event.body for event in change.events)
    assert (change.after.proof, change.due[Queue.CHECK]) == ("texts", None)


def test_an_end_seen_on_a_page_is_complete_once_the_texts_came() -> None:
    on_page = look(SENT, (bare(ACCEPTED), bare(DELIVERED)), from_page=True)
    assert (published(on_page), on_page.after.proof) == (["message.delivered"], None)
    assert on_page.due[Queue.CHECK] == NOW

    change = look(on_page.after, (ACCEPTED, DELIVERED), on_page.receipts)
    assert (published(change), change.after.proof) == (["proof.complete"], "texts")


def test_an_acceptance_that_comes_after_the_consegna_is_waited_for() -> None:
    first = look(SENT, (DELIVERED,))
    assert (published(first), first.after.proof) == (["message.delivered"], None)
    assert first.due[Queue.CHECK]

    assert published(look(first.after, (ACCEPTED, DELIVERED), first.receipts)) == ["proof.complete"]


def test_a_late_receipt_without_its_text_makes_proof_incomplete_and_is_not_published_again() -> None:
    old = replace(SENT, sent_at=NOW - timedelta(hours=31))
    expired = look(old, (ACCEPTED,))
    assert published(expired) == ["message.expired", "proof.complete"]

    late = look(expired.after, (bare(DELIVERED),), expired.receipts, from_page=True)
    assert (published(late), late.after.proof) == (["message.delivered"], None)
    assert "proof" not in to_hash(late.after)

    again = look(late.after, (DELIVERED,), (*expired.receipts, *late.receipts))
    assert (published(again), again.after.proof) == ([], "texts")


def test_texts_that_never_come_are_asked_for_a_bounded_number_of_times() -> None:
    known = (bare(ACCEPTED), bare(DELIVERED))
    change = look(SENT, known)
    looks = 0
    while change.due[Queue.CHECK]:
        looks += 1
        change = look(change.after, known, known)

    assert (looks, change.after.proof) == (TEXT_CHECKS, None)


def test_what_comes_late_without_its_text_is_asked_for_as_often_as_the_first() -> None:
    tired = replace(look(SENT, (DELIVERED,)).after, checks=TEXT_CHECKS)
    assert look(tired, (DELIVERED,), (DELIVERED,)).due[Queue.CHECK] is None

    change = look(tired, (bare(ACCEPTED), DELIVERED), (DELIVERED,))
    assert (change.after.checks, change.after.proof) == (0, None)
    assert change.due[Queue.CHECK]


def test_a_code_that_was_another_messages_takes_its_proof_with_it() -> None:
    wrong = look(SENT, (ACCEPTED, DELIVERED)).after
    taken = code_revoked(replace(wrong, proof_reported=True), NOW, Uncertain()).after
    assert (taken.proof, taken.proof_reported) == (None, False)


def test_more_than_texts_stays_recorded_while_the_texts_are_complete() -> None:
    known = (ACCEPTED, DELIVERED)
    newer = replace(look(SENT, known).after, proof="conserved")
    assert look(newer, known, known).after.proof == "conserved"
    assert look(newer, (bare(WARNING),), known).after.proof is None


def test_a_record_keeps_a_kind_of_proof_that_only_a_newer_version_knows() -> None:
    stored = to_hash(replace(SENT, state=State.DELIVERED, version=1)) | {"proof": "originals"}

    assert from_hash("m", stored).proof == "originals"


# Originals


def signed(receipt: Receipt, verdict: str = "verified") -> Receipt:
    digest = receipt.key * 4
    return replace(receipt, original=Original(digest, 4900, verdict, "opec1@pec.example", NOW))


def test_proof_is_originals_when_each_receipt_is_there_as_it_was_signed() -> None:
    assert proof_of(State.DELIVERED, (signed(ACCEPTED), signed(DELIVERED))) == "originals"
    assert proof_of(State.DELIVERED, (signed(ACCEPTED), signed(DELIVERED, "intact"))) == "originals"
    assert proof_of(State.DELIVERED, (signed(ACCEPTED), DELIVERED)) == "texts"
    assert proof_of(State.DELIVERED, (signed(ACCEPTED), signed(DELIVERED, "altered"))) == "texts"
    assert proof_of(State.DELIVERED, (signed(DELIVERED),)) is None


def test_an_original_without_a_text_lacks_nothing() -> None:
    known = (signed(bare(ACCEPTED)), signed(bare(DELIVERED)))

    assert (proof_of(State.DELIVERED, known), lacking(State.DELIVERED, known)) == ("originals", ())


def test_originals_take_the_place_of_texts_without_a_second_event() -> None:
    texts = look(SENT, (ACCEPTED, DELIVERED))
    originals = look(texts.after, (signed(ACCEPTED), signed(DELIVERED)), (ACCEPTED, DELIVERED))

    assert (texts.after.proof, originals.after.proof) == ("texts", "originals")
    assert [event.type for event in originals.events] == []
    assert len(originals.receipts) == 2


def test_originals_that_come_first_are_published_as_the_complete_proof() -> None:
    change = look(SENT, (signed(ACCEPTED), signed(DELIVERED)))

    assert [event.type for event in change.events] == ["message.delivered", "proof.complete"]
    assert '"proof":"originals"' in change.events[1].body
