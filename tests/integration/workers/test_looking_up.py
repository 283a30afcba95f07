"""Settling an uncertain send against a code that the API gave to somebody else by mistake."""

from datetime import timedelta

import pytest

from pec.changes import born
from pec.instants import to_text
from pec.messages import Message
from pec.names import Queue, State
from pec.store import records
from pec.store.commits import commit
from pec.store.receipts import to_json
from pec.subjects import mark
from tests.integration.producers.cli.test_looking import RECEIPT
from tests.integration.sandbox.serving import Served
from tests.integration.workers import test_scanning as scanning
from workers.calls import Unreadable
from workers.kit import Kit
from workers.looking_up import look_up
from workers.searching import TOO_MANY_MAILS, mails_with

kit, served = scanning.kit, scanning.served
REFERENCE = "7K2QX"


def stored(kit: Kit, message_id: str, state: State, code: str | None, reference: str) -> Message:
    sent_at = kit.now() - timedelta(hours=3)
    message = Message(
        id=message_id, account="acme", recipients=("consegna@pec.example",), subject=f"Avviso {message_id}",
        state=state, created_at=sent_at, updated_at=sent_at, claimed_at=sent_at, sent_at=sent_at, code=code,
        reference=reference,
    )  # fmt: skip
    due = {Queue.CHECK: sent_at} if code else {Queue.LOOKUP: sent_at}
    return commit(kit.store, born(message, due=due))


def read(kit: Kit, message_id: str) -> Message:
    found = records.read(kit.store, message_id)
    assert found
    return found


def test_receipts_with_our_reference_prove_whose_a_code_is(kit: Kit, served: Served) -> None:
    code = served.code_of_send("consegna@pec.example", subject=f"Avviso ours {mark(REFERENCE)}")
    stored(kit, "theirs", State.SENT, code, "AAAAA")
    stored(kit, "ours", State.UNCERTAIN, None, REFERENCE)

    look_up(kit, "ours")

    assert (read(kit, "ours").state, read(kit, "ours").code) == (State.DELIVERED, code)
    assert records.owner_of(kit.store, "acme", code) == "ours"
    theirs = read(kit, "theirs")
    assert (theirs.state, theirs.code, theirs.suspects) == (State.UNCERTAIN, None, ("AAAAA",))
    assert theirs.reason
    assert theirs.reason.code == "code_repeated"
    due = kit.store.keys.due
    assert kit.store.client.zscore(due(Queue.LOOKUP), "theirs"), "its own code is looked for"
    assert kit.store.client.zscore(due(Queue.CHECK), "theirs") is None


def test_a_late_hint_says_nothing_of_a_send_that_was_claimed_since(kit: Kit, served: Served) -> None:
    message = stored(kit, "resent", State.SENDING, None, REFERENCE)
    kit.store.client.hset(kit.store.keys.message("resent"), "claimed_at", to_text(kit.now()))

    look_up(kit, message.id)

    assert read(kit, message.id).state is State.SENDING


@pytest.mark.parametrize("claimed", [timedelta(hours=-3), timedelta(hours=1)], ids=["", "clock set back"])
def test_a_send_that_nobody_ended_in_its_time_is_uncertain(
    kit: Kit, served: Served, claimed: timedelta
) -> None:
    message = stored(kit, "orphan", State.SENDING, None, REFERENCE)
    kit.store.client.hset(kit.store.keys.message("orphan"), "claimed_at", to_text(kit.now() + claimed))

    look_up(kit, message.id)

    assert read(kit, message.id).state is State.UNCERTAIN


def test_an_owner_that_has_receipts_keeps_its_code(kit: Kit, served: Served) -> None:
    code = served.code_of_send("consegna@pec.example", subject=f"Avviso ours {mark(REFERENCE)}")
    stored(kit, "theirs", State.ACCEPTED, code, "AAAAA")
    stored(kit, "ours", State.UNCERTAIN, None, REFERENCE)

    look_up(kit, "ours")

    assert read(kit, "ours").state is State.UNCERTAIN
    assert read(kit, "theirs").code == code


def test_so_does_one_that_has_some_though_its_state_is_still_sent(kit: Kit, served: Served) -> None:
    code = served.code_of_send("consegna@pec.example", subject=f"Avviso ours {mark(REFERENCE)}")
    stored(kit, "theirs", State.SENT, code, "AAAAA")
    kit.store.client.hset(kit.store.keys.receipts("theirs"), "key", to_json(RECEIPT))
    stored(kit, "ours", State.UNCERTAIN, None, REFERENCE)

    look_up(kit, "ours")

    assert (read(kit, "theirs").state, read(kit, "theirs").code) == (State.SENT, code)


def test_a_mailbox_with_more_mails_than_can_be_read_proves_nothing(
    kit: Kit, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.searching.MOST_PAGES", 1)
    for number in range(14):  # two receipts each: more than a page
        served.code_of_send("consegna@pec.example", subject=f"Avviso comune {number}")

    with pytest.raises(Unreadable, match=TOO_MANY_MAILS):
        list(mails_with(kit, "acme", "Avviso comune"))
    monkeypatch.setattr("workers.searching.MOST_PAGES", 5)
    assert len({mail.subject for mail in mails_with(kit, "acme", "Avviso comune")}) == 28
