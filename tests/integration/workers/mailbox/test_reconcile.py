"""A queued message after a restore, against a real mailbox."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from config.settings import Settings
from pec.messages import Message
from pec.names import Queue, State
from pec.subjects import reference_of, reference_tag
from tests.integration.sandbox.serving import SENDER, Served
from tests.integration.workers.messages import queued, read
from workers.context import WorkerContext
from workers.mailbox.reconcile import settled_before_sending
from workers.mailbox.search import page_of
from workers.middleware.heartbeat import Heartbeat

FULL = {"success": True, "message": "", "data": {"usage": 100, "limit": 100}}


def settled(ctx: WorkerContext, message: Message) -> bool:
    return settled_before_sending(ctx, message, ctx.now() - timedelta(hours=1))


def plant(served: Served, operation: str, status: int, body: Any) -> None:
    fault = {"operation": operation, "status": status, "body": body}
    requests.post(f"{served.url}/_sandbox/fault", json=fault, timeout=30).raise_for_status()


def test_what_the_mailbox_does_not_show_is_sent(ctx: WorkerContext, served: Served) -> None:
    assert not settled(ctx, queued(ctx, "unsent-1"))


@pytest.mark.parametrize(("grace_seconds", "held"), [(0, True), (1800, True), (7200, False)])
def test_a_mailbox_whose_receipts_may_have_been_purged_since_proves_nothing(
    ctx: WorkerContext, served: Served, grace_seconds: float, held: bool
) -> None:
    settings = ctx.settings.model_dump()
    settings["mailbox"] = {"purge": "texts", "purge_grace_seconds": grace_seconds}
    purging = replace(ctx, settings=Settings.model_validate(settings))
    message = queued(ctx, f"purged-{grace_seconds:g}")

    assert settled(purging, message) is held

    found = read(ctx, message)
    assert found.state is (State.HELD if held else State.QUEUED)
    assert not held or (found.reason and found.reason.details["why"] == "purged")


@pytest.mark.parametrize(("grace_seconds", "held"), [(0, True), (7200, False)])
def test_a_purge_that_was_switched_off_before_the_restore_counts_like_one_that_is_on(
    ctx: WorkerContext, served: Served, grace_seconds: float, held: bool
) -> None:
    settings = ctx.settings.model_dump()
    settings["mailbox"] = {"purge": "texts", "purge_grace_seconds": grace_seconds}
    Heartbeat(replace(ctx, settings=Settings.model_validate(settings)), "before")._first_step()
    message = queued(ctx, f"purged-before-{grace_seconds:g}")

    assert settled(ctx, message) is held
    assert read(ctx, message).state is (State.HELD if held else State.QUEUED)


@pytest.mark.parametrize("lost", [0, 1])
def test_what_was_sent_since_is_found_also_where_an_operator_had_it_sent_again(
    ctx: WorkerContext, served: Served, lost: int
) -> None:
    message = queued(ctx, f"sent-{lost}")
    subject = f"Avviso {reference_tag(reference_of('pec', message.id, lost))}"
    code = served.code_of_send("consegna@pec.example", subject=subject)

    assert settled(ctx, message)
    assert (read(ctx, message).state, read(ctx, message).code) == (State.DELIVERED, code)


def test_a_full_mailbox_proves_nothing_so_the_message_waits(ctx: WorkerContext, served: Served) -> None:
    message = queued(ctx, "full-1")
    plant(served, "GET /quota/{mailbox}", 200, FULL)

    assert settled(ctx, message)
    found = read(ctx, message)
    assert found.state is State.QUEUED
    assert found.reason
    assert found.reason.code == "mailbox_unavailable"
    assert ctx.store.client.zscore(ctx.store.keys.due(Queue.RELEASE), message.id)


@pytest.mark.parametrize("item", [{"von": "?", "betreff": "?"}, {"sender": "a@x", "betreff": "?"}, "?"])
def test_mails_in_an_unknown_shape_prove_nothing_so_the_message_waits(
    ctx: WorkerContext, served: Served, item: Any
) -> None:
    message = queued(ctx, f"shapeless-{type(item).__name__}-{'sender' in item}")
    served.code_of_send(
        "consegna@pec.example",
        subject=f"Avviso {reference_tag(reference_of('pec', message.id, 0))}",
    )
    shapeless = {
        "success": True,
        "message": "",
        "data": [item],
        "page": 1,
        "total": 1,
    }
    plant(served, "GET /inbox", 200, shapeless)

    assert settled(ctx, message)
    assert read(ctx, message).state is State.QUEUED
    assert ctx.store.client.zscore(ctx.store.keys.due(Queue.RELEASE), message.id)


def test_more_mails_than_can_be_read_are_left_to_an_operator(
    ctx: WorkerContext, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.mailbox.search.MAX_PAGES", 1)
    for _ in range(14):  # two receipts each: more than a page
        served.code_of_send("consegna@pec.example", subject="Avviso")
    message = queued(ctx, "busy-1", referenced=False)

    assert settled(ctx, message)
    assert read(ctx, message).state is State.HELD


@pytest.mark.parametrize(
    ("ours", "named", "is_held"),
    [
        ("a@societ\u00e0.example", "a@societ\ufffd.example", True),
        ("a@societ\u00e0.example", "b@other.example", False),
        ("b@other.example", "a@societ\ufffd.example", False),
    ],
)
def test_a_receipt_that_names_a_person_whose_accents_were_lost_may_be_ours(
    ctx: WorkerContext, served: Served, ours: str, named: str, is_held: bool
) -> None:
    code, subject = "2026112309300042", f"Avviso a {len(ours)} di {len(named)}"
    mail = {
        "mailbox": SENDER,
        "sender": "posta-certificata@pec.example",
        "subject": f"ACCETTAZIONE: {subject}",
        "code": code,
        "text": f'Il giorno 23/11/2026 alle ore 10:30:00 (+0100) il messaggio "{subject} {code}" proveniente da '
        f'"me@pec.example" ed indirizzato a: {named} ("posta certificata") \ufffd stato accettato dal sistema',
    }
    requests.post(f"{served.url}/_sandbox/receipts", json=mail, timeout=30).raise_for_status()
    message = queued(ctx, f"mangled-{len(subject)}-{is_held}", referenced=False, to=ours, subject=subject)

    assert settled(ctx, message) is is_held
    assert (read(ctx, message).state is State.HELD) is is_held


def test_a_page_that_the_api_does_not_know_is_empty(ctx: WorkerContext, served: Served) -> None:
    """It is unknown from where it counts, so one is asked for that may not be there."""
    plant(served, "GET /inbox", 404, {"success": False, "message": "Result empty"})

    assert page_of(ctx, "acme", None, 40).mails == ()
