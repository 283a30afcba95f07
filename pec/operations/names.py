"""The accounts and endpoints that this installation knows, so that a mistyped name is refused."""

from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches

from redis.exceptions import NoPermissionError

from config.settings import Settings
from config.texts import _
from pec.operations.refusals import Refused
from pec.store.store import Store, text_list

_KINDS = {"account": _("account"), "endpoint": _("endpoint")}


def list_accounts(store: Store, settings: Settings) -> list[str]:
    """Return the names of all known accounts, sorted; none on a new installation."""
    return sorted(_known(store, "account", settings.accounts))


def known_accounts(store: Store, settings: Settings) -> list[str]:
    """Return the names of all known accounts. Raise Refused if there is none."""
    if known := list_accounts(store, settings):
        return known
    raise Refused("no_account", _("there is no account: configure one, or check PEC_REDIS_URL"))


def require_account(store: Store, settings: Settings, account: str) -> None:
    """Raise Refused if the account is not known."""
    _require("account", account, _known(store, "account", settings.accounts))


def refuse_unknown_account(store: Store, settings: Settings, account: str) -> None:
    """Raise Refused if other accounts are known, and this one is not. What this user may not ask is no reason."""
    with suppress(NoPermissionError):
        if known := _known(store, "account", settings.accounts):
            _require("account", account, known)


def require_endpoint(store: Store, settings: Settings, endpoint: str) -> None:
    """Raise Refused if the endpoint is not known."""
    configured = (one.name for one in settings.webhooks.endpoints)
    _require("endpoint", endpoint, _known(store, "endpoint", configured))


def _known(store: Store, kind: str, configured: Iterable[str]) -> set[str]:
    """Return the names that are configured here, and those that a worker ever had."""
    return {*configured, *text_list(store.client.zrange(store.keys.seen(kind), 0, -1))}


def _require(kind: str, name: str, known: set[str]) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    remedy = (
        _("did you mean {name}?").format(name=near[0])
        if near
        else _("known are: {names}").format(names=", ".join(sorted(known)) or _("none yet"))
    )
    raise Refused(
        f"unknown_{kind}",
        _("there is no {word} {name}: {remedy}").format(word=_KINDS[kind], name=name, remedy=remedy),
    )
