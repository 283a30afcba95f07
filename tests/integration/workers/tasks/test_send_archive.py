"""A send whose content is in the archive: it is read there, waits while that is away, and is held if it is gone."""

from pathlib import Path
from typing import Any

import pytest

from pec.content import sha256
from pec.messages import Message
from pec.names import Queue, State
from pec.operations.actions import resend
from pec.store import records
from pec.store.pacing import Picked
from tests.integration.sandbox.serving import Served
from tests.integration.workers.archiving import (
    a_file,
    intake,
    job_with,
    place_of,
    put_jobs,
    unmounted,
)
from tests.wire import eventually
from workers.context import WorkerContext
from workers.rate_limiter import SendPermit
from workers.tasks.lookup import look_up
from workers.tasks.send import send


def taken(ctx: WorkerContext, name: str, file: bytes) -> Message:
    put_jobs(ctx, job_with(name, file))
    intake(ctx).step()
    return read(ctx, name)


def read(ctx: WorkerContext, name: str) -> Message:
    found = records.read(ctx.store, name)
    assert found
    return found


def try_to_send(ctx: WorkerContext, message: Message) -> Message:
    send(ctx, SendPermit(ctx, Picked(ctx.token(message.account), message, probe=False)))
    return read(ctx, message.id)


def test_content_comes_from_the_archive(with_archive: WorkerContext, served: Served) -> None:
    file = a_file()

    after = try_to_send(with_archive, taken(with_archive, "read", file))

    assert after.state is State.SENT
    [sent] = [one for one in served.sent() if one["subject"].startswith("S read")]
    assert [one["sha256"] for one in sent["attachments"]] == [sha256(file)]


def test_while_the_archive_is_away_a_send_waits_and_goes_later(
    with_archive: WorkerContext, root: Path, served: Served
) -> None:
    message = taken(with_archive, "waits", a_file())
    with unmounted(root):
        after = try_to_send(with_archive, message)

    assert after.state is State.QUEUED
    assert after.reason
    assert after.reason.code == "archive_away"
    assert after.reason.details["place"] == str(root)
    assert with_archive.store.client.zscore("pec:due:release", message.id), "its release is scheduled again"
    assert try_to_send(with_archive, after).state is State.SENT


def looked_up(ctx: WorkerContext, message_id: str) -> Message:
    look_up(ctx, message_id)  # it does nothing if this process takes Redis's clock to be before the decision
    return read(ctx, message_id)


@pytest.mark.parametrize(("change", "code"), [("remove", "content_missing"), ("alter", "content_altered")])
def test_content_that_is_gone_holds_its_message_until_it_is_put_back(
    with_archive: WorkerContext, root: Path, served: Served, change: str, code: str
) -> None:
    file = a_file()
    message = taken(with_archive, f"held-{change}", file)
    place = place_of(root, sha256(file))
    place.unlink() if change == "remove" else place.write_bytes(b"other")
    before = len(served.sent())

    held = try_to_send(with_archive, message)

    assert (held.state, len(served.sent())) == (State.HELD, before)
    assert held.reason
    assert held.reason.code == code
    assert f"pec resend {message.id}" in held.reason.description
    types: Any = with_archive.store.client.xrange("pec:events")
    assert types[-1][1][b"type"] == b"message.held"

    place.write_bytes(file)
    resend(with_archive.store, message.id)
    eventually(lambda: looked_up(with_archive, message.id).state is State.QUEUED)
    assert try_to_send(with_archive, read(with_archive, message.id)).state is State.SENT


def test_a_worker_that_has_no_archive_fails_no_message_whose_content_is_there(
    ctx: WorkerContext, with_archive: WorkerContext
) -> None:
    after = try_to_send(ctx, taken(with_archive, "elsewhere", a_file()))

    assert after.state is State.QUEUED
    assert ctx.store.client.zscore(ctx.store.keys.due(Queue.RELEASE), after.id)
