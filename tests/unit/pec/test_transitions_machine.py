"""A message through any course of events: what must hold after each (a hypothesis state machine)."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from config.settings import Receipts, Uncertain
from pec.changes import Change, past_states
from pec.job_messages import enqueued
from pec.messages import Message, Reason, differences, from_hash, to_hash
from pec.names import Queue, State
from pec.proof import lacking, proof_of
from pec.receipt_transitions import receipts_observed
from pec.receipts import Kind, Named, Receipt
from pec.subjects import reference_tag
from pec.transitions import (
    NotAllowed,
    adopted,
    answer_lost,
    answered,
    cancelled,
    claimed,
    discarded,
    failed,
    not_found,
    requeued,
    resend_asked,
    unclaimed,
)

START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TO = "mario@pec.example"
WHY = Reason("timeout", "no answer")
LATE_ENDS = (State.EXPIRED, State.UNDELIVERED, State.UNCERTIFIED, State.REFUSED)


class Course(RuleBasedStateMachine):
    """Each rule is one thing that may happen; receipts come whenever they like, as often as they like."""

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.waits, self.lookups = Receipts(), Uncertain()
        self.kept: dict[str, Receipt] = {}
        self.codes = 0
        self.due: dict[Queue, datetime] = {}
        self.in_lane = False
        self.proofs = 0
        self.stored: dict[str, str] = {}
        new = Message(
            id="m", account="acme", recipients=(TO,), subject="Oggetto", state=State.QUEUED,
            created_at=START, updated_at=START,
        )  # fmt: skip
        self.apply(enqueued(new, START))

    def apply(self, change: Change) -> None:
        before, after = change.before, change.after
        assert after.version > (before.version if before else 0)
        states = [event.type for event in change.events if event.type == f"message.{after.state}"]
        assert len(states) == int(change.moved)
        if before:
            assert not (before.code and after.code != before.code)
            assert not (before.ended and after.state is not before.state and before.state not in LATE_ENDS)
            if after.state is State.QUEUED and before.state in (State.UNCERTAIN, State.HELD):
                assert before.resend
        self.proofs += [event.type for event in change.events].count("proof.complete")
        self.stored |= differences(before, after)[0]
        for name in differences(before, after)[1]:
            del self.stored[name]
        assert self.stored == to_hash(after)
        self.message = from_hash("m", self.stored)
        assert self.message == after
        self.kept |= {receipt.key: receipt for receipt in change.receipts}
        for queue, at in change.due.items():
            self.due.pop(queue, None)
            if at is not None:
                self.due[queue] = at
        self.in_lane = {"ENTER": True, "LEAVE": False}.get(change.lane.name, self.in_lane)

    def is_in(self, *states: State) -> bool:
        return self.message.state in states

    @rule(minutes=st.integers(1, 2000))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.is_in(State.QUEUED))
    @rule(reference=st.sampled_from(["2345A", "6789B", None]))
    def claim(self, reference: str | None) -> None:
        assert self.message.code is None
        self.apply(claimed(self.message, self.now, reference, 30))

    @precondition(lambda self: self.is_in(State.SENDING))
    @rule(how=st.sampled_from(["answered", "unclaimed", "returned", "failed", "lost"]))
    def settle(self, how: str) -> None:
        message, now = self.message, self.now
        self.codes += 1
        match how:
            case "answered":
                self.apply(answered(message, f"20261123093000{self.codes}", now, now))
            case "unclaimed":
                self.apply(unclaimed(message, now))
            case "returned":
                self.apply(requeued(message, now, WHY, None, 0.5))
            case "failed":
                self.apply(failed(message, now, WHY))
            case "lost":
                self.apply(answer_lost(message, now, WHY, self.lookups))

    @precondition(lambda self: self.is_in(State.UNCERTAIN, State.HELD))
    @rule(readable=st.booleans())
    def look_up_in_vain(self, readable: bool) -> None:
        self.apply(not_found(self.message, self.now, self.lookups, readable=readable))

    @precondition(lambda self: self.is_in(State.UNCERTAIN, State.HELD))
    @rule(kind=st.sampled_from([Kind.ACCETTAZIONE, Kind.CONSEGNA, Kind.NON_ACCETTAZIONE]))
    def find_it(self, kind: Kind) -> None:
        self.codes += 1
        seen = self.receipt(kind, f"20261123093000{self.codes}")
        self.apply(adopted(self.message, seen.code, [seen], self.now, self.waits, 0.5))

    @precondition(lambda self: self.message.code is not None)
    @rule(kinds=st.lists(st.sampled_from(list(Kind)), max_size=3), seed=st.integers(0, 3))
    def look_for_receipts(self, kinds: list[Kind], seed: int) -> None:
        seen = [self.receipt(kind, self.message.code or "") for kind in kinds]
        known = [*self.kept.values(), *seen]
        random.Random(seed).shuffle(known)
        self.apply(receipts_observed(self.message, self.kept, known, (), self.now, self.waits, 0.5))

    @precondition(lambda self: self.message.code is not None)
    @rule()
    def looking_again_changes_nothing(self) -> None:
        self.apply(receipts_observed(self.message, self.kept, (), (), self.now, self.waits, 0.5))
        again = receipts_observed(
            self.message, self.kept, list(self.kept.values()), (), self.now, self.waits, 0.5
        )
        assert not again.events
        assert not again.receipts

    @rule(what=st.sampled_from([cancelled, resend_asked, discarded]))
    def operator(self, what: Callable[[Message, datetime], Change]) -> None:
        with suppress(NotAllowed):
            self.apply(what(self.message, self.now))

    def receipt(self, kind: Kind, code: str) -> Receipt:
        reference = self.message.reference
        subject = f"Oggetto {reference_tag(reference)}" if reference else "Oggetto"
        return Receipt(
            kind=kind, subject=subject, code=code, date=START, virus=False, named=(Named(TO, True),),
            final=None, error=None, text="t", sender="posta-certificata@x.it",
        )  # fmt: skip

    @invariant()
    def it_is_never_forgotten(self) -> None:
        """Until it ends, something will look at it again."""
        waiting = self.in_lane or Queue.RELEASE in self.due
        match self.message.state:
            case State.QUEUED:
                assert waiting
            case State.SENDING | State.UNCERTAIN:
                assert Queue.LOOKUP in self.due
            case State.SENT | State.ACCEPTED | State.DELAYED:
                assert Queue.CHECK in self.due
            case State.DELIVERED | State.FAILED | State.CANCELLED:
                lacks = self.message.code and lacking(self.message.state, self.kept.values())
                assert self.due.keys() <= ({Queue.CHECK} if lacks else set())
                assert not self.in_lane

    @invariant()
    def its_history_ends_where_it_stands(self) -> None:
        last = past_states(self.message.history, self.message.created_at)[-1]
        assert last.state is self.message.state
        assert last.at <= self.message.updated_at

    @invariant()
    def the_date_of_the_receipt_that_ended_it_stands_under_the_name_of_its_end(self) -> None:
        message = self.message
        dated = {
            State.DELIVERED: message.delivered_at,
            State.UNDELIVERED: message.undelivered_at,
            State.REFUSED: message.refused_at,
        }
        assert {state for state, at in dated.items() if at} == dated.keys() & {message.state}

    @invariant()
    def complete_proof_is_published_once(self) -> None:
        known = self.kept.values() if self.message.code else ()
        assert self.message.proof == proof_of(self.message.state, known)
        assert self.proofs == int(bool(self.message.proof or self.message.proof_reported))

    @invariant()
    def an_end_has_its_time(self) -> None:
        assert self.message.ended == (self.message.ended_at is not None)


Course.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestCourse = Course.TestCase
