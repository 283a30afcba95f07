"""What `pec doctor` looks at besides the server. Each check is a function that gives its findings, remedy included."""

import os
from collections.abc import Callable, Iterator
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from config.settings import Settings
from pec.api.client import Mailbox, PecClient
from pec.api.errors import ApiError, Denied, NotFound, Unreachable
from pec.names import Queue
from pec.operations.doctor.server import is_local
from pec.operations.findings import Finding, Mark
from pec.operations.overview import Overview
from pec.operations.standstills import held_back, losses, standstills
from pec.store import heartbeat
from pec.store.store import Store

_DRAMATIQ = (2, 2)  # what is known of its ways with Redis was tried with this one

_SERVE = {
    "queue": "start `pec worker` with these queues",
    "account": "start `pec worker` with the settings of these accounts",
    "endpoint": "start `pec worker` with these endpoints, or their events are forgotten in 30 days",
}


def worker_checks(store: Store, settings: Settings) -> Iterator[Finding]:
    """Of who does the work."""
    alive = heartbeat.live(store, "worker")
    if not alive:
        yield Finding(Mark.FAIL, "no worker is running", "start one with `pec worker`")
        return
    yield Finding(Mark.OK, f"workers: {len(alive)} running")
    yield served("queue", {str(queue) for queue in Queue}, heartbeat.live(store, "queue"))
    yield served("account", set(settings.accounts), heartbeat.live(store, "account"))
    endpoints = {endpoint.name for endpoint in settings.webhooks.endpoints}
    yield served("endpoint", endpoints, heartbeat.live(store, "endpoint"))


def standing_checks(found: Overview) -> Iterator[Finding]:
    """Of the work itself."""
    yield from losses(found)
    still = [*held_back(found), *standstills(found)]
    yield from still
    if found.workers and not still:
        yield Finding(Mark.OK, "nothing stands still")


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
    """Of pec.toml, which may hold secrets, and of the files that hold one each."""
    path = Path(os.environ.get("PEC_CONFIG") or "pec.toml")
    if path.exists():
        yield private(path)
    for name, value in sorted(os.environ.items()):
        if name.upper().startswith("PEC_") and name.upper().endswith("_FILE") and Path(value).exists():
            yield private(Path(value))


def settings_checks(settings: Settings) -> Iterator[Finding]:
    """Of settings by which something is lost, or seen by others."""
    yield dramatiq(installed("dramatiq"))
    yield from kept_ids(settings)
    if settings.retention.delete_unexported:
        what = "finished messages are deleted though nobody exported them"
        yield Finding(Mark.WARN, what, "unset PEC_RETENTION__DELETE_UNEXPORTED, or keep the proof elsewhere")
    yield from encrypted_http("PEC_API__URL", settings.api.url)
    for endpoint in settings.webhooks.endpoints:
        yield from encrypted_http("PEC_WEBHOOKS__ENDPOINTS", endpoint.url)


def dramatiq(running: str) -> Finding:
    numbers = tuple(int(part) for part in running.split(".")[:2])
    if numbers[:1] != _DRAMATIQ[:1] or numbers < _DRAMATIQ:
        what = f"Dramatiq is version {running}, and this was made for 2.2"
        return Finding(Mark.FAIL, what, "install what requirements-run.lock says")
    return Finding(Mark.OK, f"Dramatiq version {running}")


def kept_ids(settings: Settings) -> Iterator[Finding]:
    """An id is taken for a new one once its digest and its message are gone."""
    rules = settings.retention
    if rules.ids_days < rules.messages_days:
        what = f"ids are forgotten after {rules.ids_days:g} days: the same job later is sent again"
        yield Finding(Mark.WARN, what, "set PEC_RETENTION__IDS_DAYS above PEC_RETENTION__MESSAGES_DAYS")


def encrypted_http(name: str, url: str) -> Iterator[Finding]:
    """Whether something crosses a network that others may listen to."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_local(parts.hostname):
        what = f"{name}: what is sent to {parts.hostname} goes there unencrypted"
        yield Finding(Mark.WARN, what, "use https://")


def served(kind: str, wanted: set[str], alive: set[str]) -> Finding:
    """Whether live workers serve all queues, accounts or endpoints."""
    if left := sorted(wanted - alive):
        return Finding(Mark.FAIL, f"no live worker serves the {kind}s {', '.join(left)}", _SERVE[kind])
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
        if _is_another(error):
            what = f"account {name}: what answers is not the API ({error.description})"
            return Finding(Mark.FAIL, what, "correct the host and the path of PEC_API__URL")
        return Finding(
            Mark.WARN, f"account {name}: the API gave no usable answer ({error.description})", "try again"
        )
    return Finding(Mark.OK, f"account {name}: its credentials are accepted")


def _is_another(error: ApiError) -> bool:
    """Whether something else answered: nothing is there, or a web page. One with a 5xx is a proxy's: an outage."""
    page = str(error.details.get("excerpt", "")).startswith("<")
    return isinstance(error, NotFound) or (page and error.details["status"] < 500)


def private(path: Path) -> Finding:
    if path.stat().st_mode & 0o007:
        return Finding(Mark.WARN, f"{path} can be read by others: it may hold secrets", f"`chmod 600 {path}`")
    return Finding(Mark.OK, f"{path} can't be read by others")


def _mailbox(account: Any, token: SecretStr) -> Mailbox:
    return Mailbox(account.sender, account.username, account.password, token)
