"""Two versions side by side, and machines whose settings differ: nothing is lost, and standstills are reported."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis

from tests.acceptance.command import Command
from tests.acceptance.site import MAILBOX, PASSWORD, Site, eventually, site
from tests.receiver import Receiver

GOOD = {"recipient": "consegna@pec.example", "subject": "Oggetto"}
OTHER = "other@pec.example"
UNSUPPORTED = ("archived", "odd")


@pytest.fixture
def at(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with site(redis, redis_url, tmp_path, options=["--mailbox", f"{OTHER}:other:{PASSWORD}"]) as found:
        yield found


# Two versions of the record


def test_a_field_of_a_newer_version_survives_all_that_happens(
    at: Site, redis: Redis, command: Command, tmp_path: Path
) -> None:
    at.add(id="m", **GOOD, not_before="2999-01-01T00:00:00Z")
    with at.workers():
        eventually(lambda: at.state("m") == "queued")
        redis.hset("pec:message:m", mapping={"colour": "blu", "not_before": "2020-01-01T00:00:00.000Z"})
        redis.zadd("pec:due:release", {"m": time.time()})
        eventually(lambda: at.state("m") == "delivered")
        assert command(at.settings, "export", "m", "--receipts", str(tmp_path / "proof")).code == 0
    assert at.message("m")["colour"] == "blu"
    assert at.message("m")["exported_at"]


def test_a_state_of_a_newer_version_is_skipped_and_reported_once(
    at: Site, redis: Redis, command: Command
) -> None:
    with at.drained_workers():
        for message_id in (*UNSUPPORTED, "known"):
            at.add(id=message_id, **GOOD, batch="b")
        eventually(lambda: all(at.state(one) == "delivered" for one in (*UNSUPPORTED, "known")))
    redis.hset("pec:message:archived", "state", "archived")
    redis.zrem("pec:state:delivered", "archived")
    redis.hset("pec:message:odd", "reason", "in another form")
    before = {one: at.message(one) for one in UNSUPPORTED}
    queues = ("check", "lookup", "release")
    for queue in queues:
        redis.zadd(f"pec:due:{queue}", dict.fromkeys(UNSUPPORTED, time.time()))
    at.log.write_bytes(b"")

    with at.workers(PEC_LEASE_SECONDS="60"):
        eventually(lambda: all(_waits(redis, queue, one) for queue in queues for one in UNSUPPORTED))
        scores = _scores(redis, queues)
        cancelled = at.rejection(at.add_raw(json.dumps({"type": "cancel", "id": "archived"})))
        at.add(id="later", **GOOD)
        eventually(lambda: at.state("later") == "delivered")
        assert _scores(redis, queues) == scores, "none came back at once"
        shown = command(at.settings, "status")

    assert {one: at.message(one) for one in UNSUPPORTED} == before
    assert "written by a newer version" in cancelled["errors"]
    assert "2 messages were written by a newer version" in shown.err
    log = at.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    for one in UNSUPPORTED:
        assert 1 <= log.count(f"message {one} can't be read") <= 2, "each process reports it once"


def _waits(redis: Redis, queue: str, message_id: str) -> bool:
    """Some worker met it, and left it for a lease at least."""
    return float(redis.zscore(f"pec:due:{queue}", message_id) or 0) > time.time() + 30


def _scores(redis: Redis, queues: tuple[str, ...]) -> Any:
    return [redis.zmscore(f"pec:due:{queue}", list(UNSUPPORTED)) for queue in queues]


def test_every_command_bears_what_a_newer_version_wrote(at: Site, redis: Redis, command: Command) -> None:
    ran = partial(command, at.settings)
    with at.workers(1):
        for message_id in (*UNSUPPORTED, "known"):
            at.add(id=message_id, **GOOD, batch="b")
        eventually(lambda: all(at.state(one) == "delivered" for one in (*UNSUPPORTED, "known")))
        redis.hset("pec:message:archived", "state", "archived")
        redis.hset("pec:message:odd", "reason", "in another form")

        listed = ran("list", "--json")
        assert [one["id"] for one in listed.lines] == ["known"]
        assert "2 messages were written by a newer version and are left out" in listed.err
        assert '"known"' in ran("list", "--batch", "b", "--json").out
        assert ran("status", "--json").code == 0
        for words in (
            ("status", "archived"),
            ("receipts", "archived"),
            ("resend", "archived"),
            ("discard", "archived"),
            ("watch", "archived", "--timeout", "5"),
            ("export", "--batch", "b"),  # whole, or not at all
        ):
            done = ran(*words)
            assert done.code in (0, 1), words
            assert "Traceback" not in done.err
            assert done.code == 0 or "newer version" in done.err, words
    assert at.message("archived")["state"] == "archived"
    assert "exported_at" not in at.message("archived")


NEWER = ("dramatiq", "tests.acceptance.newer_version", "--skip-logging", "--threads", "8")
HERE = str(Path(__file__).parents[2])


def test_workers_of_two_versions_share_a_campaign_through_an_upgrade_and_a_roll_back(
    at: Site, redis: Redis, command: Command
) -> None:
    plain = {phase: [f"{phase}-{number}" for number in range(10)] for phase in ("both", "newer", "todays")}
    filed = {phase: [f"{phase}-filed-{number}" for number in range(5)] for phase in ("both", "newer")}
    ids = [*chain(*plain.values(), *filed.values())]
    at.add_raw(json.dumps({"type": "batch", "id": "b", "size": len(ids)}))

    def enqueue(phase: str) -> None:
        for message_id in plain[phase]:
            at.add(id=message_id, recipient="consegna@pec.example", subject=message_id, batch="b")
        for message_id in filed.get(phase, ()):
            at.add(id=message_id, recipient="silenzio+filed@pec.example", subject=message_id, batch="b")

    def stand(state: str, *which: list[str]) -> bool:
        return all(at.state(one) == state for one in chain(*which))

    with at.drained_workers(1, NEWER, PYTHONPATH=HERE):
        with at.drained_workers():
            eventually(lambda: redis.zcard("pec:seen:worker") == 3)
            enqueue("both")
            eventually(lambda: stand("delivered", plain["both"]) and all(map(at.state, filed["both"])))
            written = [at.message(one) for one in plain["both"]]
            assert any(one.get("edition") != one["version"] for one in written), "today's had its part"
        enqueue("newer")  # upgraded
        eventually(lambda: stand("delivered", plain["newer"]) and stand("filed", *filed.values()))

    before = {one: at.message(one) for one in chain(*filed.values())}
    redis.delete("pec:unsupported")
    for sent in at.sent():
        if "+filed" in sent["recipients"][0]:
            _deliver(at, sent)
    with at.drained_workers(1):  # rolled back
        enqueue("todays")
        eventually(lambda: stand("delivered", plain["todays"]))
        eventually(lambda: redis.zcard("pec:unsupported") == len(before))
        assert {one: at.message(one) for one in before} == before, "left alone"
        shown = command(at.settings, "status")
        assert f"{len(before)} messages were written by a newer version" in shown.err
    with at.workers(1, NEWER, PYTHONPATH=HERE):  # and forth again
        eventually(lambda: stand("delivered", ids))

    assert Counter(_subject(one) for one in at.sent()) == dict.fromkeys(ids, 1), "each was sent once"
    published = Counter((event["type"], event["data"].get("id")) for event in _events(redis))
    for kind in ("message.sent", "message.delivered"):
        assert [published[kind, one] for one in ids] == [1] * len(ids)
    assert published["batch.completed", None] == 1
    assert redis.xlen("pec:rejected") == 0
    for one in (*plain["newer"], *before):
        assert at.message(one)["edition"], "its field outlived the roll-back"


def _deliver(at: Site, sent: Mapping[str, Any]) -> None:
    """Its CONSEGNA arrives."""
    mail = {"mailbox": MAILBOX, "sender": "posta-certificata@pec.example", "text": "consegnato"}
    mail |= {"subject": f"CONSEGNA: {sent['subject']}", "code": sent["code"]}
    assert requests.post(f"{at.sandbox_url}/_sandbox/receipts", json=mail, timeout=30).status_code == 201


def _subject(sent: Mapping[str, Any]) -> str:
    """Return the subject from the job, without the reference."""
    return str(sent["subject"]).split()[0]


def _events(redis: Redis) -> list[dict[str, Any]]:
    entries: Any = redis.xrange("pec:events")
    return [json.loads(fields[b"event"]) for _, fields in entries]


# Two machines with other settings


def account(name: str, address: str, username: str, **more: str) -> dict[str, str]:
    own = {"SENDER": address, "USERNAME": username, "PASSWORD": PASSWORD, **more}
    return {f"PEC_ACCOUNTS__{name}__{field}": value for field, value in own.items()}


def endpoints(receiver: Receiver, name: str) -> dict[str, str]:
    one = {"name": name, "url": receiver.url, "secret": receiver.secret}
    return {"PEC_WEBHOOKS__ENDPOINTS": json.dumps([one]), "PEC_WEBHOOKS__ALLOW_PRIVATE": "true"}


def test_machines_with_other_accounts_and_endpoints_lose_nothing(
    at: Site, redis: Redis, command: Command
) -> None:
    mine = account("ACME", MAILBOX, "acme")
    others = account("OTHER", OTHER, "other")
    mine_not = dict.fromkeys(mine, "")  # empty values are left out
    ids = [f"{name}-{number}" for number in range(6) for name in ("acme", "other")]
    with Receiver() as first, Receiver() as second:
        with (
            at.workers(1, **mine, **endpoints(first, "first")) as one,
            at.drained_workers(1, **mine_not, **others, **endpoints(second, "second")),
        ):
            eventually(lambda: {b"acme", b"other"} <= set(redis.zrange("pec:seen:account", 0, -1)))
            for message_id in ids:
                at.add(id=message_id, **{**GOOD, "account": message_id.split("-")[0]})
            eventually(lambda: all(at.state(one) == "delivered" for one in ids))
            eventually(lambda: len(_ends(first)) == len(_ends(second)) == len(ids))
            assert redis.xlen("pec:rejected") == 0

            one.terminate()
            one.wait(30)
            at.add(id="acme-late", **GOOD)  # taken while its account is still registered
            eventually(lambda: at.state("acme-late") == "queued")
            with at.workers(1, **mine_not, **account("RENAMED", MAILBOX, "acme")):
                at.add(id="other-late", **{**GOOD, "account": "other"})
                eventually(lambda: at.state("other-late") == "delivered")
                redis.zrem("pec:seen:account", "acme")  # as half a minute does
                assert "account acme: no live worker serves it" in command(at.settings, "status").err
                assert at.state("acme-late") == "queued"
                before = _hints(redis)
                time.sleep(3)  # to see how much happens in it
                assert _hints(redis) == before, "no worker is asked to send what none can send"
        with at.workers(1, **mine):
            eventually(lambda: at.state("acme-late") == "delivered")


def _ends(receiver: Receiver) -> list[str]:
    """Return the messages whose delivery the receiver got."""
    bodies = (received.body for received in receiver.received)
    return [one["data"]["id"] for one in bodies if one["type"] == "message.delivered"]


def _hints(redis: Redis) -> int:
    """Given so far, of all tokens: each makes a worker pick a message."""
    return sum(int(redis.hget(key, "hint") or 0) for key in redis.scan_iter("pec:limiter:*"))
