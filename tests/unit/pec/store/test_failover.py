"""A failover's loss, from the offsets of a history that two primaries share."""

from datetime import UTC, datetime, timedelta

import pytest

from pec.store.failover import History, Memory

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
NONE = "0" * 40


def met(*offsets: int) -> Memory:
    """A beat every five seconds, at a primary whose history is `a`."""
    memory = Memory()
    for number, offset in enumerate(offsets):
        memory.add(NOW + timedelta(seconds=5 * number), History("a", offset, NONE, -1))
    return memory


@pytest.mark.parametrize(
    ("found", "seconds"),
    [
        (History("a", 400, NONE, -1), None),  # the same primary
        (History("b", 400, "a", 301), None),  # it has all
        (History("b", 400, "a", 300), 5),  # the last byte is missing
        (History("b", 400, "a", 150), 0),
        (History("b", 400, "a", 50), 0),  # the memory does not go back so far
        (History("b", 400, "c", 50), None),  # a primary that was not met
        (History("b", 400, NONE, -1), None),  # started again from its file
    ],
)
def test_what_the_next_primary_lacks_is_lost_since_the_last_beat_that_it_has(
    found: History, seconds: int | None
) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)

    assert met(100, 200, 300).lost_since(found) == expected


def test_without_a_beat_nothing_is_known() -> None:
    assert Memory().lost_since(History("b", 400, "a", 1)) is None
