"""The duration and the cost of a campaign, from the pace, the caps, and the sent and waiting messages."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from config.settings import Api, Settings
from pec.operations.status.forecast import Allowance, sent_by
from pec.store import accounts, pacing
from pec.store.store import Store, text_list


@dataclass(frozen=True, slots=True)
class Estimate:
    """`finishes_at` is None if it is years away. `waiting` messages are sent before."""

    seconds: float | None
    finishes_at: datetime | None
    cost_eur: Decimal
    waiting: int = 0


def estimate(
    count: int, settings: Settings, account: str, store: Store | None, now: datetime, starts: datetime | None
) -> Estimate:
    """Return the estimate. Sending begins at `starts`. Without a store, sent and waiting messages are unknown."""
    cost = count * Decimal(str(settings.api.price_eur))
    if not count:
        return Estimate(0.0, now, cost)
    waiting = _waiting(store, account, count) if store else 0
    begins = max(now, starts) if starts else now
    finishes = sent_by(count + waiting, _allowance(settings, account, store), begins)
    seconds = (finishes - now).total_seconds() if finishes else None
    return Estimate(seconds, finishes, cost, waiting)


def _allowance(settings: Settings, account: str, store: Store | None) -> Allowance:
    api: Api = settings.api
    token = _token(settings, account, store)
    used = pacing.usage(store, token) if store and token else pacing.Usage(0, 0)
    return Allowance(
        pacing.interval_seconds(api), api.daily_cap, api.monthly_cap, used.today, used.this_month
    )


def _token(settings: Settings, account: str, store: Store | None) -> str | None:
    """Return the token's digest, from the workers' registration or from our own settings."""
    registered = accounts.state_of(store, account).token if store else None
    if registered or account not in settings.accounts:
        return registered
    return pacing.digest(settings.token_of(account))


def _waiting(store: Store, account: str, count: int) -> int:
    """Return the sends of the token before our last one: its lane, and the turns of the token's other accounts."""
    state = accounts.state_of(store, account)
    busy = text_list(store.client.zrange(store.keys.rotation(state.token), 0, -1)) if state.token else []
    others: list[Any] = [store.client.zcard(store.keys.lane(other)) for other in busy if other != account]
    ours = state.waiting + count
    return state.waiting + sum(min(int(depth), ours) for depth in others)
