"""Warnings and recommendations drawn from the overview, each with its remedy. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pec.instants import to_text
from pec.names import State
from pec.operations import paused_batches
from pec.operations.diagnosis import LATE_SECONDS, remedy_of_pause
from pec.operations.lane_forecast import goes_on_at, used_up
from pec.operations.overview import Lane, Overview, Token, Work
from pec.operations.progress import age, clock
from pec.operations.standstills import failing, losses, standstills

NEARLY_USED_UP = 0.9  # share of a cap
_MAX_NAMES = 3  # accounts of a token


def warnings(found: Overview) -> list[str]:
    """Return what stands still or went wrong, each with its remedy."""
    return [
        *_about_workers(found),
        *(f"{one.what}: {one.remedy}" for one in (*losses(found), *standstills(found))),
        *_about_restore(found),
        *(f"account {lane.account}: {said}" for lane in found.lanes.values() if (said := lane_remedy(lane))),
        *(paused_batches.said(batch, found.now) for batch in found.paused_batches),
        *(line for token in found.tokens.values() for line in _about_caps(found, token)),
        *_about_messages(found),
        *(f"{one.what}: {one.remedy}" for endpoint in found.endpoints for one in failing(endpoint)),
        *(line for work in found.work.values() for line in _about_lateness(found, work)),
    ]


def recommendations(found: Overview) -> list[str]:
    """Return how many threads are worth having: more than can be busy at once only wait."""
    worth = sum(token.threads_at_full_pace for token in found.tokens.values())
    if not found.workers or not found.tokens:
        return []
    now = sum(token.threads_worth for token in found.tokens.values())
    return [
        f"{found.threads} threads run; sending can keep {worth} busy at full pace, and {now} with what waits now: "
        "more is waste"
    ]


def lane_remedy(lane: Lane) -> str:
    """Return what to do about an account, or an empty text if it needs nothing."""
    if lane.paused:
        return f"{lane.paused.description or lane.paused.code}: {remedy_of_pause(lane.account, lane.paused)}"
    if lane.waiting and not lane.served:
        return "no live worker serves it: configure it and start `pec worker`"
    return ""


# What needs a person


def _about_restore(found: Overview) -> Iterator[str]:
    if found.reconciling_since:
        since = to_text(found.reconciling_since)
        yield (
            f"workers reconcile what was sent since {since}: "
            "once nothing older is queued, start them without --reconcile"
        )


def _about_workers(found: Overview) -> Iterator[str]:
    if not found.workers:
        waiting = (
            f": {found.jobs} jobs and {_waiting(found)} messages wait"
            if found.jobs or _waiting(found)
            else ""
        )
        yield f"no worker is running{waiting}: start one with `pec worker`"
    elif found.unserved_queues:
        queues = ", ".join(found.unserved_queues)
        yield f"no live worker consumes {queues}: start `pec worker --queues {found.unserved_queues[0]} …`"


def _about_caps(found: Overview, token: Token) -> Iterator[str]:
    accounts = named(token.accounts)
    if full := used_up(token):
        goes_on = goes_on_at(found, token)
        at = f": goes on at {clock(goes_on, found.now)} in Rome" if goes_on else ""
        yield f"the {full[0]} cap of {full[1]} is used up for {accounts}{at}"
        return
    for period, cap, left in _caps(token):
        if left < (1 - NEARLY_USED_UP) * cap:
            yield f"{left} of the {period} cap of {cap} are left for {accounts}"


def _about_messages(found: Overview) -> Iterator[str]:
    if held := found.messages.get(State.HELD):
        yield f"{held} held: `pec list --state held`, then `pec resend ID` or `pec discard ID` for each"
    if rejected := found.streams["rejected"]:
        yield f"{rejected} jobs were rejected: see `pec list --rejected`"
    if found.unsupported:
        yield f"{found.unsupported} messages were written by a newer version and are skipped: upgrade all workers"
    if found.circuit_open:
        times = f"{found.api_failures} times in a row"
        yield f"the API gave no usable answer {times}: it is probed; see `pec doctor`"


def _about_lateness(found: Overview, work: Work) -> Iterator[str]:
    if work.served and work.overdue_since and _seconds(found, work.overdue_since) > LATE_SECONDS:
        late = f"{work.overdue} due, the oldest for {age(work.overdue_since, found.now)}"
        yield f"queue {work.queue} is late: {late}: add workers, or `pec worker --queues {work.queue}`"


def named(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(names[:_MAX_NAMES]) + more


def _caps(token: Token) -> Iterator[tuple[str, int, int]]:
    """Each cap: its period, its size, what is left."""
    if token.daily_cap is not None and token.left_today is not None:
        yield "daily", token.daily_cap, token.left_today
    if token.monthly_cap is not None and token.left_this_month is not None:
        yield "monthly", token.monthly_cap, token.left_this_month


def _waiting(found: Overview) -> int:
    return sum(lane.waiting for lane in found.lanes.values())


def _seconds(found: Overview, since: datetime) -> float:
    return (found.now - since).total_seconds()
