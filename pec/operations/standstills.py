"""What stands still though nothing that people know of holds it: told alike by status, doctor and health. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pec.instants import to_text
from pec.operations import paused_batches
from pec.operations.diagnosis import LATE_SECONDS, remedy_of_pause
from pec.operations.findings import Finding, Mark
from pec.operations.lane_forecast import used_up
from pec.operations.overview import Lane, Overview, Token
from pec.operations.progress import age
from pec.store.accounts import BY_OPERATOR
from pec.store.outbox import EndpointState

LOSS_TOLD = timedelta(days=7)  # for which it is said that Redis came back empty
SLOWEST_PER_MINUTE = 2  # a pace below it can leave a minute without a send
_RESTART = "restart the workers; their log tells why"
_RESTORE = "restore the back-up, or put in again what is missing: what was sent before is sent again"


def standstills(found: Overview) -> Iterator[Finding]:
    """Work that waits and is not done. Where no worker lives, that is all there is to say, and nothing is said here."""
    if not found.workers:
        return
    yield from _jobs(found)
    for lane in found.lanes.values():
        if lane.out_of_turn and lane.served:
            what = f"account {lane.account}: {lane.waiting} messages wait and have no turn"
            yield Finding(Mark.FAIL, what, _RESTART)
    for token in found.tokens.values():
        yield from _token(found, token)
    for endpoint in found.endpoints:
        if endpoint.served and not endpoint.listening:
            yield Finding(Mark.FAIL, f"endpoint {endpoint.name} hears no events: its place is gone", _RESTART)


def unserved(found: Overview) -> Iterator[Finding]:
    """Work that is due in queues that nobody consumes."""
    for work in found.work.values():
        if found.workers and work.overdue and not work.served:
            what = f"no live worker consumes {work.queue}: {work.overdue} entries are due"
            yield Finding(Mark.FAIL, what, f"start `pec worker --queues {work.queue} …`")


def losses(found: Overview) -> Iterator[Finding]:
    """That Redis came back empty under living workers, not long ago."""
    if found.lost_at and found.now - found.lost_at < LOSS_TOLD:
        yield Finding(Mark.WARN, f"Redis came back empty at {to_text(found.lost_at)}", _RESTORE)


def held_back(found: Overview) -> Iterator[Finding]:
    """What stands still for a cause that is known: a pause, or an endpoint that fails."""
    for batch in found.paused_batches:
        yield Finding(Mark.NOTE, paused_batches.what(batch, found.now), paused_batches.remedy(batch))
    for lane in found.lanes.values():
        if lane.paused:
            mark = Mark.NOTE if lane.paused.code == BY_OPERATOR else Mark.WARN
            what = f"account {lane.account} is paused: {lane.paused.description or lane.paused.code}"
            yield Finding(mark, what, remedy_of_pause(lane.account, lane.paused))
    for endpoint in found.endpoints:
        yield from failing(endpoint)


def failing(endpoint: EndpointState) -> Iterator[Finding]:
    """Why an endpoint does not get its events."""
    name = endpoint.name
    if endpoint.disabled:
        what = f"endpoint {name} answered 410 and is disabled"
        yield Finding(Mark.WARN, what, f"`pec resume --endpoint {name}`")
        return
    if endpoint.failures:
        what = f"endpoint {name} failed {endpoint.failures} times in a row"
        yield Finding(Mark.WARN, what, "look at its log")
    if endpoint.dead:
        what = f"endpoint {name} has {endpoint.dead} dead letters"
        yield Finding(Mark.NOTE, what, f"`pec replay --endpoint {name} --dead`")


def _jobs(found: Overview) -> Iterator[Finding]:
    if found.oldest_job_at and _seconds(found, found.oldest_job_at) > LATE_SECONDS:
        oldest = age(found.oldest_job_at, found.now)
        what = f"{found.jobs} jobs wait to be taken, the oldest for {oldest}"
        yield Finding(Mark.FAIL, what, "the workers' log tells why")


def _token(found: Overview, token: Token) -> Iterator[Finding]:
    """Where no slot was given for a minute and more, and neither cap, pause, 429, circuit nor restore is why."""
    held = used_up(token) or token.on_hold_until or found.circuit_open or found.reconciling_since
    if held or token.sends_lately or token.allowed_per_minute < SLOWEST_PER_MINUTE:
        return
    for lane in found.lanes.values():
        if lane.token == token.digest and _stands(found, lane) and not lane.out_of_turn:
            since = age(lane.oldest_at, found.now)
            what = f"account {lane.account}: {lane.waiting} messages wait, the oldest for {since}, and none is sent"
            yield Finding(Mark.FAIL, what, "`pec status ID` of one of them, and the workers' log, tell why")


def _stands(found: Overview, lane: Lane) -> bool:
    waits_since = lane.oldest_at if lane.goes and lane.waiting else None
    return waits_since is not None and _seconds(found, waits_since) > 2 * LATE_SECONDS


def _seconds(found: Overview, since: datetime) -> float:
    return (found.now - since).total_seconds()
