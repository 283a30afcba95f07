"""Estimates when queued messages are sent: by place, rotation, pace and caps. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from config.texts import _
from pec.operations.status.forecast import Allowance, sent_by
from pec.operations.status.overview import Overview, Token
from pec.operations.status.progress import sends_until


def turn_at(found: Overview, account: str, position: int) -> datetime | None:
    """Return when the message at this position (from 0) of a lane is likely sent, or None if that is not known."""
    lane = found.lanes.get(account)
    token = found.tokens.get(lane.token) if lane and lane.token else None
    if lane is None or token is None or lane.paused or lane.waits_for_room:
        return None
    others = [
        other.waiting
        for other in found.lanes.values()
        if other.token == lane.token and other.goes and other.account != account
    ]
    return sent_by(sends_until(position, others), allowance(token), _start(found, token))


def empty_at(found: Overview, account: str) -> datetime | None:
    """Return when the last message of a lane is likely sent, or None if nothing waits or nothing goes."""
    lane = found.lanes[account]
    return turn_at(found, account, lane.waiting - 1) if lane.waiting and lane.goes else None


def last_turn_at(found: Overview, positions: Mapping[str, int | None]) -> datetime | None:
    """Return when all of these, one an account, are likely sent, or None if it is not known for each."""
    turns = [
        turn_at(found, account, position) for account, position in positions.items() if position is not None
    ]
    known = [turn for turn in turns if turn is not None]
    return max(known) if known and len(known) == len(positions) else None


def allowance(token: Token) -> Allowance:
    """Return what pace and caps allow a token now."""
    return Allowance(
        interval_seconds=token.interval_seconds,
        daily=token.daily_cap,
        monthly=token.monthly_cap,
        sent_today=token.usage.today,
        sent_this_month=token.usage.this_month,
    )


def used_up(token: Token) -> tuple[str, int] | None:
    """Return the cap that is used up, `daily` or `monthly`, and its size, or None."""
    if token.monthly_cap is not None and token.left_this_month == 0:
        return _("monthly"), token.monthly_cap
    if token.daily_cap is not None and token.left_today == 0:
        return _("daily"), token.daily_cap
    return None


def goes_on_at(found: Overview, token: Token) -> datetime | None:
    """Return when a cap that is used up allows the next send: the beginning of a day or month."""
    first = sent_by(1, allowance(token), found.now)
    return first - timedelta(seconds=token.interval_seconds) if first else None


def _start(found: Overview, token: Token) -> datetime:
    """Return the end of a pause that the API asked for; the forecast covers what a full cap puts off."""
    if token.on_hold_until and not used_up(token):
        return max(found.now, token.on_hold_until)
    return found.now
