"""One commit, on a real server: together or not at all, and the same commit again does nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import OutOfMemoryError, Redis, ResponseError

from pec.changes import changed
from pec.job_messages import enqueued
from pec.messages import Message, UnsupportedRecord
from pec.names import State
from pec.store import pacing, records
from pec.store.commits import (
    BatchDelta,
    Commit,
    Conflict,
    ContentMissing,
    KeyExists,
    OtherHistory,
    _arguments,
    apply,
    call,
    check,
    commit,
    commit_to_replicas,
)
from pec.store.store import ScriptCall, Store
from pec.transitions import cancelled, claimed
from tests.integration.pec.store.slots import bytes_on_disk

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NEW = Message(
    id="m", account="acme", recipients=("x@pec.example",), subject="s", state=State.QUEUED,
    created_at=NOW, updated_at=NOW, batch="b", body="0" * 64,
)  # fmt: skip


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis, "pec")


@pytest.fixture
def stored(store: Store) -> Message:
    return commit(store, enqueued(NEW, NOW))


def everything(store: Store) -> dict[bytes, bytes | None]:
    return {key: store.client.dump(key) for key in store.client.scan_iter()}


def test_a_commit_on_an_old_version_changes_nothing(store: Store, stored: Message) -> None:
    commit(store, cancelled(stored, NOW))
    before = everything(store)
    with pytest.raises(Conflict):
        commit(store, claimed(stored, NOW, None, 30))
    assert everything(store) == before


def test_a_commit_for_the_history_of_another_server_changes_nothing(store: Store, stored: Message) -> None:
    ours = store.client.info("replication")["master_replid"]
    before = everything(store)

    with pytest.raises(OtherHistory):
        apply(store, Commit([cancelled(stored, NOW)], commands=[["SET", "one", "1"]], history="0" * 40))
    assert everything(store) == before

    apply(store, Commit([cancelled(stored, NOW)], commands=[["SET", "one", "1"]], history=ours))
    assert store.client.get("one") == b"1"


def test_the_same_commit_again_gets_the_first_answer(store: Store, stored: Message) -> None:
    args = _arguments(store, Commit([cancelled(stored, NOW)]))
    check(store.script("commit")(args=args))
    before = everything(store)
    check(store.script("commit")(args=args))
    assert everything(store) == before


def test_commits_in_one_round_trip_stand_each_for_itself_also_on_a_server_that_lost_its_scripts(
    store: Store, stored: Message
) -> None:
    stale, fresh = cancelled(stored, NOW), enqueued(replace(NEW, id="n"), NOW)
    commit(store, stale)
    store.client.script_flush()

    replies = store.pipeline([call(store, Commit([change])) for change in (stale, fresh)])

    with pytest.raises(Conflict):
        check(replies[0])
    check(replies[1])
    assert records.read(store, "n") == fresh.after


def test_an_outcome_and_the_end_of_its_send_are_one_command(store: Store, stored: Message) -> None:
    store.client.zadd("pec:in_flight:token", {"m": 1})
    outcome = call(store, Commit([cancelled(stored, NOW)]))
    ended = pacing.finish_send_call(store, "token", "m", "unused")
    store.pipeline([outcome, ended])  # the server has the script from now on
    store.client.zadd("pec:in_flight:token", {"m": 1})
    store.client.config_resetstat()

    replies = store.pipeline([outcome, ended])

    check(replies[0])
    assert replies[1] == 0
    assert commands(store) == {"evalsha": 1}
    assert store.client.zcard("pec:in_flight:token") == 0


def test_a_commit_that_shares_a_command_with_a_read_is_written_to_the_disk(store: Store) -> None:
    """A read's slot that begins at once is not."""
    read = ScriptCall("reserve", [store.keys.reads("token"), 1, 1_000_000, 1_000_000])
    store.pipeline([read])  # which notes the server
    alone, beside = (call(store, Commit([enqueued(replace(NEW, id=name), NOW)])) for name in ("a", "b"))

    sizes = [bytes_on_disk(store)]
    for calls in ([alone], [read, beside]):
        store.pipeline(calls)
        sizes.append(bytes_on_disk(store))

    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] > 0


def test_a_claim_is_one_command(store: Store, stored: Message) -> None:
    commit_to_replicas(store, enqueued(replace(NEW, id="n"), NOW))
    store.client.config_resetstat()
    commit_to_replicas(store, claimed(stored, NOW, None, 30))
    assert commands(store) == {"evalsha": 1}


def test_a_server_that_lost_its_scripts_takes_a_claim(store: Store, stored: Message) -> None:
    commit_to_replicas(store, enqueued(replace(NEW, id="n"), NOW))
    store.client.script_flush()
    assert commit_to_replicas(store, claimed(stored, NOW, None, 30)).state is State.SENDING


def test_a_hundred_commits_are_few_commands_and_each_has_its_own_answer(store: Store) -> None:
    new = [enqueued(replace(NEW, id=f"n{number}"), NOW) for number in range(100)]
    commit(store, new[70])
    store.pipeline([call(store, Commit([enqueued(replace(NEW, id=name), NOW)])) for name in ("one", "two")])
    store.client.config_resetstat()

    replies = store.pipeline([call(store, Commit([change])) for change in new])

    assert commands(store) == {"evalsha": 5}
    assert [number for number, reply in enumerate(replies) if reply[0] != b"applied"] == [70]
    with pytest.raises(Conflict):
        check(replies[70])
    assert all(records.read(store, change.after.id) for change in new)


def test_commits_of_many_threads_each_get_their_own_answer(store: Store, stored: Message) -> None:
    changes = [enqueued(replace(NEW, id=f"n{number}"), NOW) for number in range(40)]
    with ThreadPoolExecutor(16) as threads:
        made = [threads.submit(commit, store, change) for change in changes]
        again = [threads.submit(commit, store, cancelled(stored, NOW)) for _ in range(10)]
    assert [one.result() for one in made] == [change.after for change in changes]
    assert [type(one.exception()) for one in again].count(Conflict) == 9


def commands(store: Store) -> dict[str, int]:
    """Count the commands of clients since the last `config_resetstat`: not those of scripts, nor the test's own."""
    found = {
        name.removeprefix("cmdstat_"): int(stat["calls"])
        for name, stat in store.client.info("commandstats").items()
        if name.startswith(("cmdstat_eval", "cmdstat_script"))
    }
    assert found
    return found


@pytest.mark.parametrize(
    ("work", "error"),
    [
        (lambda change: Commit([change], absent=["pec:taken:m"]), KeyExists),
        (lambda change: Commit([change], uses=["f" * 64]), ContentMissing),
    ],
)
def test_a_commit_that_may_not_be_changes_nothing(
    store: Store, stored: Message, work: Callable[[object], Commit], error: type[Exception]
) -> None:
    store.client.set("pec:taken:m", "x")
    before = everything(store)
    with pytest.raises(error):
        apply(store, work(cancelled(stored, NOW)))
    assert everything(store) == before


def test_content_is_kept_once_and_counted(store: Store) -> None:
    for message_id in ("m", "n"):
        change = enqueued(replace(NEW, id=message_id), NOW)
        apply(store, Commit([change], contents={"0" * 64: b"<p>"}, uses=["0" * 64]))
    assert records.contents(store, ["0" * 64])["0" * 64] == b"<p>"
    assert store.client.hget("pec:content:" + "0" * 64, "refs") == b"2"


def test_fields_of_another_version_survive(store: Store, stored: Message) -> None:
    store.client.hset("pec:message:m", "novelty", "kept")
    commit(store, cancelled(stored, NOW))
    assert store.client.hget("pec:message:m", "novelty") == b"kept"


def test_a_state_of_another_version_is_left_alone(store: Store, stored: Message) -> None:
    store.client.hset("pec:message:m", "state", "teleported")
    with pytest.raises(UnsupportedRecord, match="teleported"):
        records.read(store, "m")


def test_a_batch_is_counted_and_its_completion_reported_once(store: Store, stored: Message) -> None:
    apply(store, Commit(batches=[BatchDelta("b", size="1")]))
    ended = commit(store, cancelled(stored, NOW))
    commit(store, changed(ended, NOW, {"checks": 1}))
    assert records.batch_of(store, "b")["cancelled"] == "1"
    assert records.batch_of(store, "b")["queued"] == "0"
    entries: Any = store.client.xrange("pec:events")
    types = [fields[b"type"] for _, fields in entries]
    assert types.count(b"batch.completed") == 1


def test_of_two_sizes_of_a_batch_the_greater_counts_in_whatever_order_they_come(store: Store) -> None:
    apply(store, Commit(batches=[BatchDelta("b", size="10")]))
    apply(store, Commit(batches=[BatchDelta("b", size="9")]))
    assert records.batch_of(store, "b")["size"] == "10"


def test_full_memory_stops_intake_but_not_what_is_on_the_wire(store: Store, stored: Message) -> None:
    store.script("commit")(args=_arguments(store, Commit()))
    store.client.config_set("maxmemory", "1")
    try:
        with pytest.raises(OutOfMemoryError):
            apply(store, Commit([enqueued(replace(NEW, id="n"), NOW)]), intake=True)
        assert commit(store, claimed(stored, NOW, None, 30)).state is State.SENDING
    finally:
        store.client.config_set("maxmemory", "0")


def test_full_memory_stops_intake_alone_of_what_shares_a_round_trip(store: Store, stored: Message) -> None:
    store.script("commit")(args=_arguments(store, Commit()))
    calls = [
        call(store, Commit([claimed(stored, NOW, None, 30)])),
        call(store, Commit([enqueued(replace(NEW, id="n"), NOW)]), intake=True),
    ]
    store.client.config_set("maxmemory", "1")
    try:
        of_claim, of_intake = store.together(calls)
    finally:
        store.client.config_set("maxmemory", "0")

    check(of_claim)
    with pytest.raises(OutOfMemoryError):
        check(of_intake)


def test_one_that_fails_in_a_round_trip_hides_no_other_on_a_server_that_lost_its_scripts(
    store: Store,
) -> None:
    store.client.set(store.keys.message("broken"), "no hash")
    broken, good = (enqueued(replace(NEW, id=name), NOW) for name in ("broken", "good"))
    store.client.script_flush()

    replies = store.pipeline([call(store, Commit([change])) for change in (broken, good)])

    with pytest.raises(ResponseError, match="WRONGTYPE"):
        check(replies[0])
    check(replies[1])
