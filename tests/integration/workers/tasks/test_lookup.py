"""Settling an uncertain send against a code that the API gave to another message by mistake."""

from datetime import timedelta

import pytest

from pec.changes import created
from pec.instants import to_text
from pec.messages import Message
from pec.names import Queue, State
from pec.store import records
from pec.store.commits import commit
from pec.store.records import receipt_to_json
from pec.subjects import reference_tag
from tests.integration.producing import RECEIPT
from tests.integration.sandbox.serving import Served
from workers.context import WorkerContext
from workers.mailbox.calls import MailboxUnavailable
from workers.mailbox.search import TOO_MANY_MAILS, mails_with
from workers.tasks.lookup import look_up

REFERENCE = "7K2QX"


def stored(ctx: WorkerContext, message_id: str, state: State, code: str | None, reference: str) -> Message:
    sent_at = ctx.now() - timedelta(hours=3)
    message = Message(
        id=message_id, account="acme", recipients=("consegna@pec.example",), subject=f"Avviso {message_id}",
        state=state, created_at=sent_at, updated_at=sent_at, claimed_at=sent_at, sent_at=sent_at, code=code,
        reference=reference,
    )  # fmt: skip
    due = {Queue.CHECK: sent_at} if code else {Queue.LOOKUP: sent_at}
    return commit(ctx.store, created(message, due=due))


def read(ctx: WorkerContext, message_id: str) -> Message:
    found = records.read(ctx.store, message_id)
    assert found
    return found


def test_receipts_with_our_reference_prove_whose_a_code_is(ctx: WorkerContext, served: Served) -> None:
    code = served.code_of_send("consegna@pec.example", subject=f"Avviso ours {reference_tag(REFERENCE)}")
    stored(ctx, "theirs", State.SENT, code, "AAAAA")
    stored(ctx, "ours", State.UNCERTAIN, None, REFERENCE)

    look_up(ctx, "ours")

    assert (read(ctx, "ours").state, read(ctx, "ours").code) == (State.DELIVERED, code)
    assert records.owner_of(ctx.store, "acme", code) == "ours"
    theirs = read(ctx, "theirs")
    assert (theirs.state, theirs.code, theirs.lost_references) == (State.UNCERTAIN, None, ("AAAAA",))
    assert theirs.reason
    assert theirs.reason.code == "code_repeated"
    due = ctx.store.keys.due
    assert ctx.store.client.zscore(due(Queue.LOOKUP), "theirs"), "its own code is looked for"
    assert ctx.store.client.zscore(due(Queue.CHECK), "theirs") is None


def test_a_late_hint_says_nothing_of_a_send_that_was_claimed_since(
    ctx: WorkerContext, served: Served
) -> None:
    message = stored(ctx, "resent", State.SENDING, None, REFERENCE)
    ctx.store.client.hset(ctx.store.keys.message("resent"), "claimed_at", to_text(ctx.now()))

    look_up(ctx, message.id)

    assert read(ctx, message.id).state is State.SENDING


@pytest.mark.parametrize("claimed", [timedelta(hours=-3), timedelta(hours=1)], ids=["", "clock set back"])
def test_a_send_that_no_worker_ended_in_its_time_is_uncertain(
    ctx: WorkerContext, served: Served, claimed: timedelta
) -> None:
    message = stored(ctx, "orphan", State.SENDING, None, REFERENCE)
    ctx.store.client.hset(ctx.store.keys.message("orphan"), "claimed_at", to_text(ctx.now() + claimed))

    look_up(ctx, message.id)

    assert read(ctx, message.id).state is State.UNCERTAIN


def test_each_search_is_kept_with_what_it_showed(ctx: WorkerContext, served: Served) -> None:
    reference = "Q3Q4Q"
    stored(ctx, "lost", State.UNCERTAIN, None, reference)
    look_up(ctx, "lost")
    served.code_of_send("consegna@pec.example", subject=f"Avviso di altri {reference_tag(reference)} e altro")
    for _ in range(2):
        ctx.store.client.hset(
            ctx.store.keys.message("lost"), "claimed_at", to_text(ctx.now() - timedelta(days=2))
        )
        look_up(ctx, "lost")

    found = read(ctx, "lost").searches
    assert [(one.result, one.mails > 0) for one in found] == [
        ("nothing", False),
        ("nothing", True),
        ("nothing", True),
    ]


def test_an_owner_that_has_receipts_keeps_its_code(ctx: WorkerContext, served: Served) -> None:
    code = served.code_of_send("consegna@pec.example", subject=f"Avviso ours {reference_tag(REFERENCE)}")
    stored(ctx, "theirs", State.ACCEPTED, code, "AAAAA")
    stored(ctx, "ours", State.UNCERTAIN, None, REFERENCE)

    look_up(ctx, "ours")

    assert read(ctx, "ours").state is State.UNCERTAIN
    assert read(ctx, "theirs").code == code


def test_so_does_one_that_has_some_though_its_state_is_still_sent(ctx: WorkerContext, served: Served) -> None:
    code = served.code_of_send("consegna@pec.example", subject=f"Avviso ours {reference_tag(REFERENCE)}")
    stored(ctx, "theirs", State.SENT, code, "AAAAA")
    ctx.store.client.hset(ctx.store.keys.receipts("theirs"), "key", receipt_to_json(RECEIPT))
    stored(ctx, "ours", State.UNCERTAIN, None, REFERENCE)

    look_up(ctx, "ours")

    assert (read(ctx, "theirs").state, read(ctx, "theirs").code) == (State.SENT, code)


def test_a_mailbox_with_more_mails_than_can_be_read_proves_nothing(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.mailbox.search.MAX_PAGES", 1)
    for number in range(14):  # two receipts each: more than a page
        served.code_of_send("consegna@pec.example", subject=f"Avviso comune {number}")

    with pytest.raises(MailboxUnavailable, match=TOO_MANY_MAILS):
        list(mails_with(ctx, "acme", "Avviso comune"))
    monkeypatch.setattr("workers.mailbox.search.MAX_PAGES", 5)
    assert len({mail.subject for mail in mails_with(ctx, "acme", "Avviso comune")}) == 28
