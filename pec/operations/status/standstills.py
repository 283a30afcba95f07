"""Work that stands still, in the same words for status, doctor and health. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from config.texts import _, ngettext
from pec.instants import to_text
from pec.operations.status import paused_batches
from pec.operations.status.api_reach import nobody_reaches, out_of_reach
from pec.operations.status.diagnosis import LATE_SECONDS, remedy_of_pause
from pec.operations.status.findings import Finding, Mark
from pec.operations.status.imap_findings import imap_findings
from pec.operations.status.lane_forecast import used_up
from pec.operations.status.overview import Lane, Overview, Token
from pec.operations.status.progress import age, clock
from pec.reasons import explain
from pec.store.accounts import BY_OPERATOR
from pec.store.outbox import EndpointState

LOSS_SHOWN = timedelta(days=7)  # for which a warning says that Redis came back empty
SLOWEST_PER_MINUTE = 2  # a pace below it can leave a minute without a send
_RESTART = _("restart the workers, and see their log")
_RESTORE = _("restore the backup, or enqueue again what is missing, which sends again what was sent before")


def standstills(found: Overview) -> Iterator[Finding]:
    """Yield work that waits without a known cause. Yield nothing if no worker lives, because that is the cause."""
    if not found.workers:
        return
    yield from _jobs(found)
    for lane in found.lanes.values():
        if lane.out_of_turn and lane.served:
            what = ngettext(
                "account {account}: {count} message waits and has no turn",
                "account {account}: {count} messages wait and have no turn",
                lane.waiting,
            ).format(account=lane.account, count=lane.waiting)
            yield Finding(Mark.FAIL, what, _RESTART)
    for token in found.tokens.values():
        yield from _token(found, token)
    for endpoint in found.endpoints:
        if endpoint.served and not endpoint.listening:
            yield Finding(
                Mark.FAIL,
                _("endpoint {name} gets no events: its place in the stream is gone").format(
                    name=endpoint.name
                ),
                _RESTART,
            )


def without_broker(found: Overview) -> Iterator[Finding]:
    """Yield that Dramatiq's database can't be used, so that no worker gets any task."""
    if found.broker:
        yield found.broker


def unserved(found: Overview) -> Iterator[Finding]:
    """Yield work that is due in queues that no live worker consumes."""
    for work in found.work.values():
        if found.workers and work.overdue and not work.served:
            what = ngettext(
                "no live worker consumes {queue}: {count} entry is due",
                "no live worker consumes {queue}: {count} entries are due",
                work.overdue,
            ).format(queue=work.queue, count=work.overdue)
            yield Finding(
                Mark.FAIL, what, _("start `pec worker --queues {queue} …`").format(queue=work.queue)
            )


def losses(found: Overview) -> Iterator[Finding]:
    """Yield that Redis came back empty under live workers in the last week."""
    if found.lost_at and found.now - found.lost_at < LOSS_SHOWN:
        yield Finding(
            Mark.WARN,
            _("Redis came back empty at {time} in Rome").format(time=clock(found.lost_at, found.now)),
            _RESTORE,
        )


def failed_over(found: Overview) -> Iterator[Finding]:
    """Yield that a failover lost writes, until workers reconcile what was sent since."""
    if not found.failover or (found.reconciling_since and found.reconciling_since <= found.failover[0]):
        return
    since, noted_at = found.failover
    what = _(
        "a failover of Redis, noticed at {time} in Rome, lost what was written since {since} in Rome"
    ).format(time=clock(noted_at, found.now), since=clock(since, found.now))
    remedy = _(
        "stop all workers, start each with `pec worker --reconcile {instant}`, and enqueue again what was enqueued "
        "since then"
    )
    yield Finding(Mark.WARN, what, remedy.format(instant=to_text(since)))


def held_back(found: Overview) -> Iterator[Finding]:
    """Yield what stands still for a known cause: a host cut off the API, a pause, or an endpoint that fails."""
    yield from out_of_reach(found)
    for batch in found.paused_batches:
        yield Finding(Mark.NOTE, paused_batches.what(batch, found.now), paused_batches.remedy(batch))
    for lane in found.lanes.values():
        if lane.paused:
            mark = Mark.NOTE if lane.paused.code == BY_OPERATOR else Mark.WARN
            what = _("account {account} is paused: {reason}").format(
                account=lane.account, reason=explain(lane.paused)
            )
            yield Finding(mark, what, remedy_of_pause(lane.account, lane.paused))
        yield from imap_findings(lane, found.now)
    for endpoint in found.endpoints:
        yield from failing(endpoint)


def failing(endpoint: EndpointState) -> Iterator[Finding]:
    """Yield why an endpoint does not get its events."""
    name = endpoint.name
    if endpoint.disabled:
        what = _("endpoint {name} answered 410 and is disabled").format(name=name)
        yield Finding(Mark.WARN, what, f"`pec resume --endpoint {name}`")
        return
    if endpoint.failures:
        what = ngettext(
            "endpoint {name} failed {count} time",
            "endpoint {name} failed {count} times in a row",
            endpoint.failures,
        ).format(name=name, count=endpoint.failures)
        remedy = _(
            "`pec deliveries --endpoint {name} --failed`; once it is back, `pec resume --endpoint {name}`"
        )
        yield Finding(Mark.WARN, what, remedy.format(name=name))
    if endpoint.dead:
        what = ngettext(
            "endpoint {name} has {count} dead letter",
            "endpoint {name} has {count} dead letters",
            endpoint.dead,
        ).format(name=name, count=endpoint.dead)
        yield Finding(Mark.NOTE, what, f"`pec replay --endpoint {name} --dead`")


def _jobs(found: Overview) -> Iterator[Finding]:
    if found.oldest_job_at and _seconds(found, found.oldest_job_at) > LATE_SECONDS:
        oldest = age(found.oldest_job_at, found.now)
        what = ngettext(
            "{count} job waits to be taken, for {age} so far",
            "{count} jobs wait to be taken, the oldest for {age}",
            found.jobs,
        ).format(count=found.jobs, age=oldest)
        yield Finding(Mark.FAIL, what, _("see the workers' log"))


def _token(found: Overview, token: Token) -> Iterator[Finding]:
    """Yield lanes without a slot for over a minute, unless cap, pause, 429, the API or restore is the cause."""
    doubted = found.circuit_open or nobody_reaches(found)
    held = used_up(token) or token.on_hold_until or doubted or found.reconciling_since
    if held or token.sends_lately or token.allowed_per_minute < SLOWEST_PER_MINUTE:
        return
    for lane in found.lanes.values():
        if lane.token == token.digest and _stands(found, lane) and not lane.out_of_turn:
            since = age(lane.oldest_at, found.now)
            what = ngettext(
                "account {account}: {count} message waits, for {age}, and is not sent",
                "account {account}: {count} messages wait, the oldest for {age}, and none is sent",
                lane.waiting,
            ).format(account=lane.account, count=lane.waiting, age=since)
            yield Finding(Mark.FAIL, what, _("see `pec status ID` of one of them, and the workers' log"))


def _stands(found: Overview, lane: Lane) -> bool:
    waits_since = lane.oldest_at if lane.goes and lane.waiting else None
    return waits_since is not None and _seconds(found, waits_since) > 2 * LATE_SECONDS


def _seconds(found: Overview, since: datetime) -> float:
    return (found.now - since).total_seconds()
