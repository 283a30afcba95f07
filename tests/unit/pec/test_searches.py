"""Searches of the mailbox for a lost send are kept with what they showed, bounded, and in words."""

from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Uncertain
from pec.messages import Message, from_hash, to_hash
from pec.names import State
from pec.search_texts import explain_search
from pec.searches import MAX_KEPT, NOTHING, Search, added
from pec.transitions import not_found

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_of_searches_that_fail_alike_in_a_row_the_last_one_stays() -> None:
    found: tuple[Search, ...] = ()
    for minute, result in enumerate((NOTHING, "unreachable", "unreachable", NOTHING, NOTHING)):
        found = added(found, Search(AT + timedelta(minutes=minute), result))

    assert [(one.at.minute, one.result) for one in found] == [
        (0, NOTHING), (2, "unreachable"), (3, NOTHING), (4, NOTHING)
    ]  # fmt: skip


def test_only_the_latest_are_kept() -> None:
    found: tuple[Search, ...] = ()
    for minute in range(MAX_KEPT + 5):
        found = added(found, Search(AT + timedelta(minutes=minute)))

    assert [one.at.minute for one in found] == list(range(5, MAX_KEPT + 5))


def test_a_lookup_in_vain_leaves_its_search_in_the_record() -> None:
    message = Message(
        id="a", account="acme", recipients=("x@pec.example",), subject="s", state=State.UNCERTAIN,
        created_at=AT, updated_at=AT, claimed_at=AT,
    )  # fmt: skip
    first = not_found(message, AT, Uncertain(), mails=3).after
    second = not_found(
        first, AT + timedelta(hours=1), Uncertain(), readable=False, blind="mailbox_full"
    ).after

    assert second.searches == (Search(AT, NOTHING, 3), Search(AT + timedelta(hours=1), "mailbox_full"))
    assert from_hash("a", to_hash(second)) == second


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (Search(AT), "found no mail"),
        (Search(AT, NOTHING, 1), "1 mail, which is no receipt"),
        (Search(AT, NOTHING, 2), "2 mails, none of which"),
        (Search(AT, "mailbox_full"), "was full"),
        (Search(AT, "of-tomorrow"), "could not be read: of-tomorrow"),
    ],
)
def test_a_search_is_explained(search: Search, words: str) -> None:
    assert words in explain_search(search)
