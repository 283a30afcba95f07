"""What `pec doctor` looks at. Each check is a function that gives its findings, remedy included."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import redis
from pydantic import SecretStr

from config.connections import address, connect
from config.settings import Settings
from pec.api.client import Mailbox, PecClient
from pec.api.errors import ApiError, Denied, Unreachable
from pec.names import Queue
from pec.store import presence
from pec.store.store import Store, text

MOST_CLOCK_DIFFERENCE_SECONDS = 2.0
_OLDEST_VERSION = (7, 0)


class Mark(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"  # it works, and may not for long or not for all
    FAIL = "fail"  # something can be lost, or can't be sent


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `unreachable`: the API can't be reached at all."""

    mark: Mark
    what: str
    remedy: str = ""
    unreachable: bool = False


def redis_checks(store: Store, settings: Settings) -> Iterator[Finding]:
    """Of the server that holds the truth."""
    server: Any = store.client.info("server")
    yield version(str(server["redis_version"]))
    for name, wanted, danger in _DURABILITY:
        yield durable(name, _configured(store, name), wanted, danger)
    yield clock(_clock_difference(store))
    yield broker(address(store.client), address(connect(settings.broker)))
    yield replicas(int(_info(store, "replication").get("connected_slaves", 0)), settings.redis_replicas)


def worker_checks(store: Store, settings: Settings) -> Iterator[Finding]:
    """Of who does the work."""
    alive = presence.vouched(store, "worker")
    if not alive:
        yield Finding(Mark.FAIL, "no worker is running", "start one with `pec worker`")
        return
    yield Finding(Mark.OK, f"workers: {len(alive)} running")
    yield served("queue", {str(queue) for queue in Queue}, presence.vouched(store, "queue"))
    yield served("account", set(settings.accounts), presence.vouched(store, "account"))


def api_checks(settings: Settings) -> Iterator[Finding]:
    """Of each configured account's credentials, by asking for its quota: nothing is sent."""
    if not settings.accounts:
        yield Finding(
            Mark.WARN, "no account is configured here", "set PEC_ACCOUNTS__<NAME>__… to have them checked"
        )
        return
    client = PecClient(settings.api)
    try:
        for name, account in settings.accounts.items():
            token = SecretStr(settings.token_of(name))
            found = credentials(name, lambda box: client.quota(box), _mailbox(account, token))
            yield found
            if found.unreachable:
                return
    finally:
        client.close()


def file_checks() -> Iterator[Finding]:
    """Of pec.toml, which may hold secrets."""
    path = Path(os.environ.get("PEC_CONFIG") or "pec.toml")
    if path.exists():
        yield private(path)


def version(running: str) -> Finding:
    numbers = tuple(int(part) for part in running.split(".")[:2])
    if numbers < _OLDEST_VERSION:
        return Finding(Mark.FAIL, f"Redis is version {running}", "run Redis 7 or later, or Valkey")
    return Finding(Mark.OK, f"Redis version {running}")


def durable(name: str, value: str | None, wanted: str, danger: str) -> Finding:
    """One directive of the server."""
    if value is None:
        remedy = f"make sure that it is {wanted}, at your provider's console"
        return Finding(Mark.WARN, f"{name} can't be read: the server does not allow CONFIG GET", remedy)
    if value != wanted:
        remedy = f"`redis-cli CONFIG SET {name} {wanted}`, and the same in its configuration file"
        return Finding(Mark.FAIL, f"{name} is {value}: {danger}", remedy)
    return Finding(Mark.OK, f"{name} {value}")


def clock(seconds: float) -> Finding:
    """How far this machine's clock is from Redis's."""
    if abs(seconds) > MOST_CLOCK_DIFFERENCE_SECONDS:
        what = f"this machine's clock is {seconds:+.1f} s from Redis's"
        return Finding(Mark.FAIL, what, "synchronise both with NTP")
    return Finding(Mark.OK, f"clock {seconds:+.2f} s from Redis's")


def broker(truth: str, dramatiq: str) -> Finding:
    """Dramatiq's maintenance scans all keys of its database (DESIGN §6)."""
    if truth == dramatiq:
        remedy = "set PEC_BROKER_URL to another database of the server, or leave it out"
        return Finding(Mark.FAIL, f"Dramatiq's queues are in the database of the truth, {truth}", remedy)
    return Finding(Mark.OK, f"Dramatiq's queues are apart, in {dramatiq}")


def replicas(connected: int, wanted: int) -> Finding:
    if connected < wanted:
        what = f"{connected} of {wanted} replicas are connected: nothing can be sent"
        return Finding(Mark.FAIL, what, "connect them, or lower PEC_REDIS_REPLICAS")
    return Finding(Mark.OK, f"replicas: {connected} connected, {wanted} required")


def served(kind: str, wanted: set[str], alive: set[str]) -> Finding:
    """Whether live workers serve all queues, or all accounts."""
    if left := sorted(wanted - alive):
        remedy = f"start `pec worker` with {'these queues' if kind == 'queue' else 'the settings of these accounts'}"
        return Finding(Mark.FAIL, f"no live worker serves the {kind}s {', '.join(left)}", remedy)
    return Finding(Mark.OK, f"every {kind} is served")


def credentials(name: str, ask: Callable[[Mailbox], object], mailbox: Mailbox) -> Finding:
    """What the API says to an account."""
    try:
        ask(mailbox)
    except Unreachable as error:
        remedy = "check PEC_API__URL and this machine's network"
        return Finding(Mark.FAIL, f"the API can't be reached ({error.description})", remedy, unreachable=True)
    except Denied as error:
        own = f"PEC_ACCOUNTS__{name.upper()}__"
        remedy = f"correct {own}USERNAME, {own}PASSWORD, or the token and its scopes"
        return Finding(Mark.FAIL, f"account {name}: the API refuses it ({error.description})", remedy)
    except ApiError as error:
        return Finding(
            Mark.WARN, f"account {name}: the API gave no usable answer ({error.description})", "try again"
        )
    return Finding(Mark.OK, f"account {name}: its credentials are accepted")


def private(path: Path) -> Finding:
    if path.stat().st_mode & 0o007:
        return Finding(Mark.WARN, f"{path} can be read by others: it may hold secrets", f"`chmod 600 {path}`")
    return Finding(Mark.OK, f"{path} can't be read by others")


_DURABILITY = (
    ("appendonly", "yes", "jobs are lost when the server stops"),
    ("appendfsync", "always", "a claim can be lost with the power, and its message sent twice"),
    ("maxmemory-policy", "noeviction", "the server may delete messages"),
)


def _configured(store: Store, name: str) -> str | None:
    try:
        found: Any = store.client.config_get(name)
    except redis.ResponseError:  # managed servers rename or forbid CONFIG
        return None
    return text(found[name]) if name in found else None


def _info(store: Store, section: str) -> dict[str, Any]:
    found: Any = store.client.info(section)
    return dict(found)


def _clock_difference(store: Store) -> float:
    asked = time.time()
    theirs = store.now()
    return (asked + time.time()) / 2 - theirs


def _mailbox(account: Any, token: SecretStr) -> Mailbox:
    return Mailbox(account.sender, account.username, account.password, token)
