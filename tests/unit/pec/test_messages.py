"""A message in memory: its changes, and its reading from a hash."""

from datetime import UTC, datetime

import pytest

from pec.messages import Message, UnsupportedRecord, evolve, from_hash, to_hash
from pec.names import State

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SENT = Message(
    id="inv-1", account="acme", recipients=("a@pec.example",), subject="Avviso", state=State.SENT,
    created_at=NOON, updated_at=NOON, version=7, code="2026112512000010",
)  # fmt: skip


def test_a_changed_message_has_its_other_fields_and_leaves_the_first_one_alone() -> None:
    accepted = evolve(SENT, {"state": State.ACCEPTED})

    assert (accepted.state, accepted.code, SENT.state) == (State.ACCEPTED, SENT.code, State.SENT)
    assert evolve(accepted, {"state": State.SENT}) == SENT


def test_a_name_that_is_no_field_is_refused() -> None:
    with pytest.raises(TypeError, match="stat"):
        evolve(SENT, {"stat": State.ACCEPTED})


def test_a_message_is_read_as_it_was_written() -> None:
    assert from_hash("inv-1", to_hash(SENT)) == SENT


def test_messages_that_were_read_share_no_data() -> None:
    one, other = (from_hash("inv-1", to_hash(SENT)) for _ in range(2))

    assert one.metadata is not other.metadata
    assert one.outcomes is not other.outcomes


def test_a_record_without_a_field_that_each_has_is_a_newer_version_s() -> None:
    stored = to_hash(SENT)
    del stored["state"]

    with pytest.raises(UnsupportedRecord, match="state"):
        from_hash("inv-1", stored)
