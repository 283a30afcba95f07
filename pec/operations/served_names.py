"""The account and endpoint that jobs state, compared with those that workers serve, before anything is enqueued."""

from collections.abc import Iterator
from difflib import get_close_matches

from config.settings import Settings
from config.texts import _
from pec.messages import Reason
from pec.operations.refusals import Refused
from pec.operations.status.diagnosis import remedy_of_pause
from pec.reasons import explain
from pec.store import accounts, heartbeat
from pec.store.store import Store

_MAX_NAMED = 20


def check_served(store: Store | None, settings: Settings, account: str, webhook: str | None) -> Iterator[str]:
    """Yield a note for each name that is unsure, and for a paused account. Raise Refused if none knows a name."""
    yield from _check(store, "account", _("account"), account, set(settings.accounts))
    if webhook:
        configured = {endpoint.name for endpoint in settings.webhooks.endpoints}
        yield from _check(store, "endpoint", _("webhook"), webhook, configured)
    if store and (pause := accounts.state_of(store, account).reason):
        yield _paused(account, pause)


def _check(store: Store | None, kind: str, word: str, name: str, configured: set[str]) -> Iterator[str]:
    known = configured | heartbeat.live(store, kind) if store else configured
    if name in known:
        return
    if not known or not store:
        yield _(
            "No live worker could be asked about the {word} {name}: one that none knows is rejected."
        ).format(word=word, name=name)
        return
    near = get_close_matches(name, known, n=1)
    hint = _(" (did you mean {name}?)").format(name=near[0]) if near else ""
    raise Refused(
        f"unknown_{kind}",
        _("rejected: {word}: {name} is not configured{hint}; known: {names}").format(
            word=word, name=name, hint=hint, names=", ".join(sorted(known)[:_MAX_NAMED])
        ),
    )


def _paused(account: str, pause: Reason) -> str:
    why = explain(pause)
    return _("account {account} is paused: {reason}: {remedy}").format(
        account=account, reason=why, remedy=remedy_of_pause(account, pause)
    )
