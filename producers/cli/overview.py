"""The whole at a glance: what is where, what stands still, and what to do about it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from config.settings import Settings
from pec.messages import Reason
from pec.names import Queue, State
from pec.store import accounts, outbox, presence, records
from pec.store.accounts import AccountState
from pec.store.outbox import EndpointState
from pec.store.store import Store, text_dict, text_list
from producers.cli import output
from producers.cli.lanes import seconds_to_empty
from producers.cli.progress import duration
from producers.cli.waiting import CIRCUIT_OPENS_AT, remedy_of_pause


@dataclass(frozen=True, slots=True)
class Lane:
    """An account, and what waits in it."""

    account: str
    waiting: int
    paused: Reason | None
    served: bool
    seconds_to_empty: float | None
    share_of_mailbox: float | None

    @property
    def remedy(self) -> str:
        if self.paused:
            return remedy_of_pause(self.account, self.paused)
        if not self.served:
            return "no live worker serves it: configure it and start `pec worker`"
        return ""


@dataclass(frozen=True, slots=True)
class Overview:
    """What `pec status` shows."""

    messages: dict[State, int]
    streams: dict[str, int]
    lanes: list[Lane]
    pace: dict[str, dict[str, str]]  # by the digest of a token
    workers: dict[str, dict[str, str]]
    unserved_queues: list[str]
    endpoints: list[EndpointState]
    api_failures: int


def survey(store: Store, settings: Settings) -> Overview:
    """Reads it all; nothing here grows with the number of messages."""
    keys, client = store.keys, store.client
    states = [accounts.state_of(store, name) for name in _known(store, "account", list(settings.accounts))]
    served = presence.vouched(store, "account")
    streams = {"jobs": keys.jobs, "rejected": keys.rejected, "events": keys.events, "dead": keys.dead}
    lengths: dict[str, Any] = {name: client.xlen(key) for name, key in streams.items()}
    names = _known(store, "endpoint", [endpoint.name for endpoint in settings.webhooks.endpoints])
    failures: Any = client.hget(keys.circuit, "failures")
    return Overview(
        messages=records.counts(store),
        streams=lengths,
        lanes=[_lane(store, settings, state, state.name in served) for state in states],
        pace={
            one: text_dict(client.hgetall(keys.limiter(one))) for one in {s.token for s in states if s.token}
        },
        workers=presence.workers(store),
        unserved_queues=sorted(set(map(str, Queue)) - presence.vouched(store, "queue")),
        endpoints=outbox.status(store, names) if names else [],
        api_failures=int(failures or 0),
    )


def as_dict(found: Overview) -> dict[str, Any]:
    """For --json."""
    return {
        "messages": found.messages,
        "streams": found.streams,
        "lanes": [_lane_dict(lane) for lane in found.lanes],
        "pace": found.pace,
        "workers": found.workers,
        "unserved_queues": found.unserved_queues,
        "endpoints": [asdict(endpoint) for endpoint in found.endpoints],
        "api_failures": found.api_failures,
    }


def show(found: Overview) -> None:
    """Tables on stdout; what needs a person, on stderr."""
    _table(("STATE", "MESSAGES"), [pair for pair in found.messages.items() if pair[1]])
    _table(("ACCOUNT", "WAITING", "TIME LEFT", "PAUSED"), map(_lane_row, found.lanes))
    _table(("TOKEN", "SENT TODAY", "THIS MONTH"), [_pace_row(*pair) for pair in found.pace.items()])
    _table(("STREAM", "ENTRIES"), found.streams.items())
    _table(("WORKER", "HOST", "SINCE"), [_worker_row(*pair) for pair in found.workers.items()])
    columns = ("ENDPOINT", "FAILURES", "WAITING", "NOT YET READ", "DEAD", "DISABLED")
    _table(columns, map(_endpoint_row, found.endpoints))
    for line in complaints(found):
        output.note(line)


def complaints(found: Overview) -> list[str]:
    """What stands still or went wrong, each with its remedy."""
    lines = [
        f"account {lane.account}: {lane.remedy}"
        for lane in found.lanes
        if lane.paused or (lane.waiting and not lane.served)
    ]
    if not found.workers:
        lines.append("no worker is running: start one with `pec worker`")
    elif found.unserved_queues:
        queues = ", ".join(found.unserved_queues)
        lines.append(
            f"no live worker consumes {queues}: start `pec worker --queues {found.unserved_queues[0]} …`"
        )
    if held := found.messages.get(State.HELD):
        lines.append(
            f"{held} held: `pec list --state held`, then `pec resend ID` or `pec discard ID` for each"
        )
    if found.streams["rejected"]:
        lines.append(f"{found.streams['rejected']} jobs were rejected: `pec status ID` tells why")
    if found.api_failures >= CIRCUIT_OPENS_AT:
        lines.append(
            f"the API gave no usable answer {found.api_failures} times in a row: it is probed; see `pec doctor`"
        )
    return lines + [line for endpoint in found.endpoints for line in _endpoint_complaints(endpoint)]


def _endpoint_complaints(endpoint: EndpointState) -> list[str]:
    name = endpoint.name
    if endpoint.disabled:
        return [f"endpoint {name} answered 410 and is disabled: `pec resume --endpoint {name}`"]
    lines = (
        [f"endpoint {name} failed {endpoint.failures} times in a row: look at its log"]
        if endpoint.failures
        else []
    )
    if endpoint.dead:
        lines.append(
            f"endpoint {name} has {endpoint.dead} dead letters: `pec replay --endpoint {name} --dead`"
        )
    return lines


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    if each := list(rows):
        output.table(columns, each)


def _known(store: Store, kind: str, configured: list[str]) -> list[str]:
    """Those configured here, and those that a worker ever had."""
    return sorted({*configured, *text_list(store.client.zrange(store.keys.seen(kind), 0, -1))})


def _lane(store: Store, settings: Settings, state: AccountState, served: bool) -> Lane:
    left = (
        seconds_to_empty(store, settings.api, state.name, state.waiting) if state.waiting and served else None
    )
    share = state.usage / state.limit if state.usage is not None and state.limit else None
    return Lane(state.name, state.waiting, state.reason, served, left, share)


def _lane_dict(lane: Lane) -> dict[str, Any]:
    paused = lane.paused.as_dict() if lane.paused else None
    return {**asdict(lane), "paused": paused, "remedy": lane.remedy or None}


def _lane_row(lane: Lane) -> tuple[object, ...]:
    left = f"about {duration(lane.seconds_to_empty)}" if lane.seconds_to_empty is not None else None
    return lane.account, lane.waiting, left, lane.paused and (lane.paused.description or lane.paused.code)


def _pace_row(token: str, limiter: dict[str, str]) -> tuple[object, ...]:
    return token, limiter.get("day_count", "0"), limiter.get("month_count", "0")


def _worker_row(worker: str, about: dict[str, str]) -> tuple[object, ...]:
    return worker, f"{about.get('host')}:{about.get('pid')}", about.get("started_at")


def _endpoint_row(one: EndpointState) -> tuple[object, ...]:
    return one.name, one.failures, one.waiting, one.lag, one.dead, "yes" if one.disabled else "no"
