"""Reads the overview in seven round trips, whatever it counts, and one to Dramatiq's database."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from statistics import median
from typing import Any

import redis

from config.settings import Api, Settings
from config.texts import joined
from pec.archive_causes import reported_cause
from pec.instants import from_epoch, from_text
from pec.messages import Reason
from pec.names import ENDS, Queue, State
from pec.operations.status.broker_state import broker_problem
from pec.operations.status.overview import Lane, Memory, Overview, Token, Work, Worker
from pec.store import accounts, batches, heartbeat, outbox, pacing, unsupported
from pec.store.batches import PausedBatch
from pec.store.imap_state import ImapState
from pec.store.store import Store, text, text_dict

NEWEST = 20  # messages of a state whose POST was timed
_ON_THEIR_WAY = tuple(state for state in State if state not in ENDS)
_ANSWERED = (State.SENT, State.ACCEPTED, State.DELIVERED)


def load_overview(store: Store, settings: Settings) -> Overview:
    """Return the overview. Caps, pace and the names of accounts and endpoints come from these settings."""
    first = _whole(store)
    now = first["time"][0] + first["time"][1] / 1e6
    names = sorted({*settings.accounts, *(text(name) for name, _ in first["seen", "account"])})
    second = _parts(store, names, first, now)
    jobs, oldest_job, *depths = store.run("waiting", *names)
    lanes = {
        name: _lane(
            name,
            (second["account", name], second["imap", name]),
            waiting,
            served=name in _alive(first, "account", now),
        )
        for name, *waiting in zip(names, *(depths[part::4] for part in range(4)), strict=True)
    }
    post_seconds = _post_seconds(second["post", message] for message in _newest(first))
    endpoints = sorted(
        {*(one.name for one in settings.webhooks.endpoints), *(text(n) for n, _ in first["seen", "endpoint"])}
    )
    failures, probe_at = first["circuit"]
    return Overview(
        now=from_epoch(now),
        messages={state: first["state", state] for state in State},
        oldest_in_state={
            state: from_epoch(first["oldest", state][0][1])
            for state in _ON_THEIR_WAY
            if first["oldest", state]
        },
        jobs=int(jobs),
        oldest_job_at=_stream_instant(text(oldest_job)),
        streams={name: first["stream", name] for name in ("rejected", "events", "dead")},
        lanes=lanes,
        paused_batches=_paused_batches(first, second),
        tokens=_tokens(store, settings.api, list(lanes.values()), now, post_seconds),
        work={queue: _work(queue, first, second, now) for queue in Queue},
        workers=[
            _worker(name, second["worker", name])
            for name in _alive(first, "worker", now)
            if second["worker", name]
        ],
        reconciling_since=min(map(from_text, _alive(first, "restore", now)), default=None),
        endpoints=[
            replace(one, served=one.name in _alive(first, "endpoint", now))
            for one in (outbox.status(store, endpoints) if endpoints else [])
        ],
        api_failures=int(failures or 0),
        unsupported=second["unknown"],
        probe_at=from_epoch(float(probe_at) / 1e6) if probe_at else None,
        lost_at=heartbeat.lost_at(first["lost_at"]),
        failover=heartbeat.failover_of(first["failover"]),
        memory=_memory(first[MEMORY]),
        broker=broker_problem(settings),
    )


def jobs_waiting(store: Store) -> tuple[int, datetime | None]:
    """Return how many jobs no worker has taken, and since when the oldest waits."""
    jobs, oldest = store.run("waiting")
    return int(jobs), _stream_instant(text(oldest))


# Round trips

MEMORY, SHARED = "memory", "shared"  # only these may be refused: INFO, and keys outside the namespace
Questions = Mapping[Any, Sequence[Any]]  # a method of redis-py's client and its arguments


def _ask(store: Store, questions: Questions) -> dict[Any, Any]:
    with store.client.pipeline(transaction=False) as pipeline:
        for method, *arguments in questions.values():
            getattr(pipeline, method)(*arguments)
        replies = dict(zip(questions, pipeline.execute(raise_on_error=False), strict=True))
    for question, reply in replies.items():
        may_fail = question == MEMORY or question[0] == SHARED
        if isinstance(reply, redis.RedisError) and not may_fail:
            raise reply
    return replies


def _whole(store: Store) -> dict[Any, Any]:
    """Return the replies that need no name."""
    keys = store.keys
    streams = {"rejected": keys.rejected, "events": keys.events, "dead": keys.dead}
    return _ask(
        store,
        {
            "time": ("time",),
            MEMORY: ("info", "memory"),
            "circuit": ("hmget", keys.circuit, ["failures", "next_at"]),
            "paused": ("zrange", keys.paused, 0, -1, False, True),
            "lost_at": ("hget", keys.installation, "lost_at"),
            "failover": ("hmget", keys.installation, heartbeat.FAILOVER),
            **{("stream", name): ("xlen", key) for name, key in streams.items()},
            **{("state", state): ("zcard", keys.state(state)) for state in State},
            **{("oldest", state): _ends(keys.state(state), 1) for state in _ON_THEIR_WAY},
            **{("newest", state): _ends(keys.state(state), NEWEST, newest=True) for state in _ANSWERED},
            **{("scheduled", queue): ("zcard", keys.due(queue)) for queue in Queue},
            **{("next", queue): _ends(keys.due(queue), 1) for queue in Queue},
            **{
                ("seen", kind): ("zrange", keys.seen(kind), 0, -1, False, True)
                for kind in ("account", "endpoint", "queue", "restore", "worker")
            },
        },
    )


def _parts(store: Store, names: Iterable[str], first: Mapping[Any, Any], now: float) -> dict[Any, Any]:
    """Return the replies for names: accounts, workers, the newest messages, and what is due by now."""
    keys = store.keys
    return _ask(
        store,
        {
            **{("account", name): ("hgetall", keys.account(name)) for name in names},
            **{("imap", name): ("hgetall", keys.imap(name)) for name in names},
            **{("worker", name): ("hgetall", keys.worker(name)) for name in _alive(first, "worker", now)},
            **{
                ("post", message): ("hmget", keys.message(message), ["claimed_at", "sent_at"])
                for message in _newest(first)
            },
            **{("reason", batch): ("hget", keys.batch(batch), "paused") for batch, _ in _paused(first)},
            **{("parked", batch): ("zcard", keys.parked(batch)) for batch, _ in _paused(first)},
            **{("overdue", queue): ("zcount", keys.due(queue), "-inf", now) for queue in Queue},
            "unknown": ("zcount", keys.unsupported, now - unsupported.RECENT_SECONDS, "+inf"),
        },
    )


def _tokens(
    store: Store, api: Api, lanes: Sequence[Lane], now: float, post_seconds: float | None
) -> dict[str, Token]:
    digests = sorted({lane.token for lane in lanes if lane.token})
    found = _ask(
        store,
        {
            **{digest: ("hgetall", store.keys.limiter(digest)) for digest in digests},
            **{
                (SHARED, digest): ("zrangebyscore", store.keys.shared_token(digest), now, "+inf")
                for digest in digests
            },
        },
    )
    return {
        digest: replace(
            _token(digest, lanes, text_dict(found[digest]), api, now, post_seconds),
            other_namespaces=_others(store, found[SHARED, digest]),
        )
        for digest in digests
    }


# From replies to values


def _others(store: Store, reply: Any) -> tuple[str, ...]:
    """Return the other namespaces with live workers; none if this user may not ask."""
    if isinstance(reply, redis.RedisError):
        return ()
    return tuple(sorted({text(name) for name in reply} - {store.keys.namespace}))


def _memory(reply: Any) -> Memory | None:
    if isinstance(reply, redis.RedisError):
        return None
    return Memory(int(reply["used_memory"]), int(reply.get("maxmemory") or 0))


def _ends(key: str, count: int, *, newest: bool = False) -> Sequence[Any]:
    """Return the command for the first members of a sorted set, or the last, with their scores."""
    return ("zrange", key, 0, count - 1, newest, True)


def _alive(first: Mapping[Any, Any], kind: str, now: float) -> list[str]:
    """Return the names with a live heartbeat."""
    return sorted(text(name) for name, until in first["seen", kind] if float(until) >= now)


def _paused(first: Mapping[Any, Any]) -> list[tuple[str, float]]:
    """Return the batches that are paused, and since when."""
    return [(text(batch), float(since)) for batch, since in first["paused"]]


def _newest(first: Mapping[Any, Any]) -> list[str]:
    return [text(message) for state in _ANSWERED for message, _ in first["newest", state]]


def _post_seconds(instants: Iterable[Sequence[bytes | None]]) -> float | None:
    """Return the median time from claim to answer. The two are equal if the answer was lost."""
    pairs = [[from_text(text(one)) for one in pair if one] for pair in instants]
    took = [(pair[1] - pair[0]).total_seconds() for pair in pairs if len(pair) == 2]
    answered = [seconds for seconds in took if seconds > 0]
    return median(answered) if answered else None


def _stream_instant(entry: str) -> datetime | None:
    return from_epoch(int(entry.partition("-")[0]) / 1000) if entry else None


def _lane(name: str, stored: tuple[Any, Any], waiting: Sequence[Any], *, served: bool) -> Lane:
    depth, since, turn, room_of_each = waiting
    state = accounts.state_from(name, text_dict(stored[0]), int(depth))
    return Lane(
        account=name,
        token=state.token,
        waiting=state.waiting,
        oldest_at=from_text(text(since)) if since else None,
        paused=state.reason,
        served=served,
        room=state.room,
        room_of_each=int(room_of_each),
        unreadable=state.unreadable,
        unreadable_at=state.unreadable_at,
        imap=ImapState.of(text_dict(stored[1])),
        out_of_turn=not int(turn),
    )


def _paused_batches(first: Mapping[Any, Any], second: Mapping[Any, Any]) -> list[PausedBatch]:
    found = [
        batches.paused_from(batch, since, (second["reason", batch], second["parked", batch]))
        for batch, since in _paused(first)
    ]
    return [one for one in found if one]  # resumed between the round trips


def _token(
    digest: str,
    lanes: Iterable[Lane],
    limiter: Mapping[str, str],
    api: Api,
    now: float,
    post_seconds: float | None,
) -> Token:
    mine = [lane for lane in lanes if lane.token == digest]
    still_until = float(limiter.get("not_before", 0)) / 1e6
    return Token(
        digest=digest,
        accounts=tuple(lane.account for lane in mine),
        interval_seconds=pacing.interval_seconds(api),
        in_flight=api.places,
        waiting=sum(lane.waiting for lane in mine if lane.goes),
        sends_last_minute=pacing.sends_last_minute(limiter, now),
        sends_lately=pacing.sends_lately(limiter, now),
        usage=pacing.usage_of(limiter, now),
        daily_cap=api.daily_cap,
        monthly_cap=api.monthly_cap,
        on_hold_until=from_epoch(still_until) if still_until > now else None,
        post_seconds=post_seconds,
        refused_often_at=from_epoch(float(limiter["refused_often_at"]))
        if "refused_often_at" in limiter
        else None,
    )


def _work(queue: Queue, first: Mapping[Any, Any], second: Mapping[Any, Any], now: float) -> Work:
    due = [float(at) for _, at in first["next", queue]]
    return Work(
        queue=queue,
        served=str(queue) in _alive(first, "queue", now),
        scheduled=first["scheduled", queue],
        overdue=second["overdue", queue],
        overdue_since=from_epoch(due[0]) if due and due[0] < now else None,
    )


def _worker(name: str, stored: Any) -> Worker:
    about = text_dict(stored)
    return Worker(
        id=name,
        host=about.get("host", ""),
        pid=int(about.get("pid", 0)),
        threads=int(about.get("threads", 0)),
        queues=tuple(about.get("queues", "").split()),
        accounts=tuple(about.get("accounts", "").split()),
        started_at=about.get("started_at", ""),
        archive=_archive(about),
        **_api(about),
    )


def _api(about: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a worker that does not reach the API."""
    if not (lost := about.get("api_lost")):
        return {}
    return {"api_lost": Reason(**json.loads(lost)), "api_lost_since": from_text(about["api_lost_since"])}


def _archive(about: Mapping[str, str]) -> str:
    said = about.get("archive", "")
    if said in ("", heartbeat.REACHED):
        return said
    return joined(": ", filter(None, reported_cause(said, about.get("archive_cause", ""))))
