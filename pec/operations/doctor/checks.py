"""The checks of `pec doctor` besides the server: each yields its findings, with their remedies."""

import os
from collections.abc import Callable, Iterator
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from config.settings import Settings
from config.texts import _, ngettext
from pec.api.client import Mailbox, PecClient
from pec.api.errors import ApiError, Denied, NotFound, Unreachable
from pec.http.address_guard import is_public
from pec.names import Queue
from pec.operations.doctor.server import is_local
from pec.operations.status.findings import Finding, Mark
from pec.operations.status.overview import Overview
from pec.operations.status.shared_tokens import shared_tokens
from pec.operations.status.standstills import failed_over, held_back, losses, standstills
from pec.store import heartbeat
from pec.store.store import Store

_DRAMATIQ = (2, 2)  # what is known of its ways with Redis was tried with this one

Kind = Literal["queue", "account", "endpoint"]
_SERVE = {  # if some are not served, what to do, and if all are
    "queue": (
        ngettext("no live worker serves the queue {names}", "no live worker serves the queues {names}", 0),
        _("start `pec worker` with these queues"),
        _("every queue is served"),
    ),
    "account": (
        ngettext(
            "no live worker serves the account {names}", "no live worker serves the accounts {names}", 0
        ),
        _("start `pec worker` with the settings of these accounts"),
        _("every account is served"),
    ),
    "endpoint": (
        ngettext(
            "no live worker serves the endpoint {names}", "no live worker serves the endpoints {names}", 0
        ),
        _("start `pec worker` with these endpoints, or their events are forgotten in 30 days"),
        _("every endpoint is served"),
    ),
}


def worker_checks(store: Store, settings: Settings) -> Iterator[Finding]:
    """Check that workers live and serve everything."""
    alive = heartbeat.live(store, "worker")
    if not alive:
        yield Finding(Mark.FAIL, _("no worker is running"), _("start one with `pec worker`"))
        return
    running = ngettext("workers: {count} running", "workers: {count} running", len(alive))
    yield Finding(Mark.OK, running.format(count=len(alive)))
    yield served("queue", {str(queue) for queue in Queue}, heartbeat.live(store, "queue"))
    yield served("account", set(settings.accounts), heartbeat.live(store, "account"))
    endpoints = {endpoint.name for endpoint in settings.webhooks.endpoints}
    yield served("endpoint", endpoints, heartbeat.live(store, "endpoint"))


def standing_checks(found: Overview) -> Iterator[Finding]:
    """Check that no work stands still."""
    yield from losses(found)
    yield from failed_over(found)
    yield from shared_tokens(found)
    still = [*held_back(found), *standstills(found)]
    yield from still
    if found.workers and not still:
        yield Finding(Mark.OK, _("nothing stands still"))


def api_checks(settings: Settings) -> Iterator[Finding]:
    """Check the credentials of each configured account by asking for its quota. Nothing is sent."""
    if not settings.accounts:
        yield Finding(
            Mark.WARN,
            _("no account is configured here"),
            _("set PEC_ACCOUNTS__<NAME>__… to have them checked"),
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
    """Check who may read pec.toml and the files of `PEC_…_FILE`, which may hold secrets."""
    path = Path(os.environ.get("PEC_CONFIG") or "pec.toml")
    if path.exists():
        yield private(path)
    for name, value in sorted(os.environ.items()):
        if name.upper().startswith("PEC_") and name.upper().endswith("_FILE") and Path(value).exists():
            yield private(Path(value))


def settings_checks(settings: Settings) -> Iterator[Finding]:
    """Check settings that can lose something, or show it to others."""
    yield dramatiq(installed("dramatiq"))
    yield from kept_ids(settings)
    if settings.retention.delete_unexported:
        what = _("finished messages are deleted though they were never exported")
        yield Finding(
            Mark.WARN, what, _("unset PEC_RETENTION__DELETE_UNEXPORTED, or keep the proof elsewhere")
        )
    yield from encrypted_http("PEC_API__URL", settings.api.url)
    for endpoint in settings.webhooks.endpoints:
        yield from encrypted_http("PEC_WEBHOOKS__ENDPOINTS", endpoint.url)
        if not settings.webhooks.allow_private:
            yield from public_endpoint(endpoint.name, endpoint.url)


def dramatiq(running: str) -> Finding:
    numbers = tuple(int(part) for part in running.split(".")[:2])
    if numbers[:1] != _DRAMATIQ[:1] or numbers < _DRAMATIQ:
        what = _("Dramatiq is version {version}, and this was made for 2.2").format(version=running)
        return Finding(Mark.FAIL, what, _("install what requirements-run.lock says"))
    return Finding(Mark.OK, _("Dramatiq version {version}").format(version=running))


def kept_ids(settings: Settings) -> Iterator[Finding]:
    """Warn if ids are forgotten before their messages: the same job would then be a new one."""
    rules = settings.retention
    if rules.ids_days < rules.messages_days:
        what = ngettext(
            "ids are forgotten after {days} day: the same job later is sent again",
            "ids are forgotten after {days} days: the same job later is sent again",
            1 if rules.ids_days == 1 else 2,
        ).format(days=f"{rules.ids_days:g}")
        yield Finding(Mark.WARN, what, _("set PEC_RETENTION__IDS_DAYS above PEC_RETENTION__MESSAGES_DAYS"))


def encrypted_http(name: str, url: str) -> Iterator[Finding]:
    """Warn if content crosses a network unencrypted."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_local(parts.hostname):
        what = _("{name}: what is sent to {host} goes there unencrypted").format(
            name=name, host=parts.hostname
        )
        yield Finding(Mark.WARN, what, _("use https://"))


def public_endpoint(name: str, url: str) -> Iterator[Finding]:
    """Warn if the URL of an endpoint states an address that workers refuse. No name is resolved."""
    host = urlsplit(url).hostname or ""
    if is_local(host) or _is_private(host):
        what = _("endpoint {name}: workers deliver nothing to the private address {host}").format(
            name=name, host=host
        )
        remedy = _("set PEC_WEBHOOKS__ALLOW_PRIVATE=true for the workers, or name a public address")
        yield Finding(Mark.WARN, what, remedy)


def _is_private(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:  # a name
        return False


def served(kind: Kind, wanted: set[str], alive: set[str]) -> Finding:
    """Return whether live workers serve all queues, accounts or endpoints."""
    what, remedy, fine = _SERVE[kind]
    if left := sorted(wanted - alive):
        return Finding(Mark.FAIL, what.counting(len(left), names=", ".join(left)), remedy)
    return Finding(Mark.OK, fine)


def credentials(name: str, ask: Callable[[Mailbox], object], mailbox: Mailbox) -> Finding:
    """Return whether the API accepts an account's credentials."""
    try:
        ask(mailbox)
    except Unreachable as error:
        remedy = _("check PEC_API__URL and this machine's network")
        return Finding(
            Mark.FAIL,
            _("the API can't be reached ({why})").format(why=error.description),
            remedy,
            unreachable=True,
        )
    except Denied as error:
        own = f"PEC_ACCOUNTS__{name.upper()}__"
        remedy = _("correct {own}USERNAME, {own2}PASSWORD, or the token and its scopes").format(
            own=own, own2=own
        )
        return Finding(
            Mark.FAIL,
            _("account {account}: the API refuses it ({why})").format(account=name, why=error.description),
            remedy,
        )
    except ApiError as error:
        if _is_another(error):
            what = _("account {account}: what answers is not the API ({why})").format(
                account=name, why=error.description
            )
            return Finding(Mark.FAIL, what, _("correct the host and the path of PEC_API__URL"))
        return Finding(
            Mark.WARN,
            _("account {account}: the API gave no usable answer ({why})").format(
                account=name, why=error.description
            ),
            _("try again"),
        )
    return Finding(Mark.OK, _("account {account}: its credentials are accepted").format(account=name))


def _is_another(error: ApiError) -> bool:
    """Return whether another service answered: 404, or a web page. A page with a 5xx is a proxy's outage."""
    page = str(error.details.get("excerpt", "")).startswith("<")
    return isinstance(error, NotFound) or (page and error.details["status"] < 500)


def private(path: Path) -> Finding:
    if path.stat().st_mode & 0o007:
        return Finding(
            Mark.WARN,
            _("{path} can be read by others: it may hold secrets").format(path=path),
            f"`chmod 600 {path}`",
        )
    return Finding(Mark.OK, _("{path} can't be read by others").format(path=path))


def _mailbox(account: Any, token: SecretStr) -> Mailbox:
    return Mailbox(account.sender, account.username, account.password, token)
