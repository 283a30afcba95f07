"""Warnings and recommendations drawn from the overview, each with its remedy. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from config.texts import _, joined, ngettext
from pec.names import State
from pec.operations.status import paused_batches
from pec.operations.status.api_reach import out_of_reach
from pec.operations.status.diagnosis import LATE_SECONDS, explain_no_room, remedy_of_pause
from pec.operations.status.findings import Finding
from pec.operations.status.imap_findings import imap_findings
from pec.operations.status.lane_forecast import goes_on_at, used_up
from pec.operations.status.overview import Lane, Overview, Token, Work
from pec.operations.status.progress import age, clock, times_in_a_row
from pec.operations.status.shared_tokens import shared_tokens
from pec.operations.status.standstills import failed_over, failing, losses, standstills, without_broker
from pec.reasons import explain
from pec.store.job_stream import NEARLY_FULL_SHARE

NEARLY_USED_UP = 0.9  # share of a cap
_MAX_NAMES = 3  # accounts of a token


def warnings(found: Overview) -> list[str]:
    """Return what stands still or went wrong, each with its remedy."""
    return [
        *_about_workers(found),
        *map(
            _with_remedy,
            (
                *losses(found),
                *failed_over(found),
                *without_broker(found),
                *standstills(found),
                *shared_tokens(found),
            ),
        ),
        *_about_memory(found),
        *_about_archive(found),
        *map(_with_remedy, out_of_reach(found)),
        *_about_restore(found),
        *(line for lane in found.lanes.values() for line in _about_lane(lane)),
        *(_with_remedy(one) for lane in found.lanes.values() for one in imap_findings(lane, found.now)),
        *(paused_batches.said(batch, found.now) for batch in found.paused_batches),
        *(line for token in found.tokens.values() for line in _about_caps(found, token)),
        *_about_messages(found),
        *(_with_remedy(one) for endpoint in found.endpoints for one in failing(endpoint)),
        *(line for work in found.work.values() for line in _about_lateness(found, work)),
    ]


def about_the_installation(found: Overview) -> list[str]:
    """Return the warnings that are about no account, endpoint, batch or message."""
    return [
        *_about_memory(found),
        *_about_archive(found),
        *_about_restore(found),
        *(line for token in found.tokens.values() for line in _about_caps(found, token)),
        *_about_versions_and_api(found),
        *(line for work in found.work.values() for line in _about_lateness(found, work)),
    ]


def recommendations(found: Overview) -> list[str]:
    """Return how many threads are worth having: more than can be busy at once only wait."""
    worth = sum(token.threads_at_full_pace for token in found.tokens.values())
    if not found.workers or not found.tokens:
        return []
    now = sum(token.threads_worth for token in found.tokens.values())
    return [
        ngettext(
            "{count} thread runs. Sending at full pace can use {worth}, and the messages that wait now "
            "{now}: more threads do not send faster",
            "{count} threads run. Sending at full pace can use {worth}, and the messages that wait now "
            "{now}: more threads do not send faster",
            found.threads,
        ).format(count=found.threads, worth=worth, now=now)
    ]


def lane_remedy(lane: Lane) -> str:
    """Return what to do about an account, or an empty text if it needs nothing."""
    if lane.paused:
        return joined(": ", (explain(lane.paused), remedy_of_pause(lane.account, lane.paused)))
    if lane.waiting and not lane.served:
        return _("no live worker serves it: configure it and start `pec worker`")
    return explain_no_room(lane.room) if lane.waiting else ""


# What needs a person


def _with_remedy(one: Finding) -> str:
    return joined(": ", (one.what, one.remedy))


def _about_lane(lane: Lane) -> Iterator[str]:
    if remedy := lane_remedy(lane):
        yield joined(": ", (_("account {account}").format(account=lane.account), remedy))


def _about_memory(found: Overview) -> Iterator[str]:
    share = found.memory.share if found.memory else None
    if share and share > NEARLY_FULL_SHARE:
        what = _("{share} of Redis's maxmemory is in use, and intake stops at 80 % (with an archive at 90 %)")
        yield joined(": ", (what.format(share=f"{share:.0%}"), _("give it more, or let messages end")))


def _about_archive(found: Overview) -> Iterator[str]:
    for worker in found.workers:
        if worker.misses_archive:
            yield _("the worker on {host} (process {pid}) can't reach the archive: {why}").format(
                host=worker.host, pid=worker.pid, why=worker.archive
            )


def _about_restore(found: Overview) -> Iterator[str]:
    if found.reconciling_since:
        yield _(
            "workers reconcile what was sent since {time} in Rome: once nothing older is queued, start "
            "them without --reconcile"
        ).format(time=clock(found.reconciling_since, found.now))


def _about_workers(found: Overview) -> Iterator[str]:
    if not found.workers:
        parts = [_("no worker is running")]
        if found.jobs or _waiting(found):
            jobs = ngettext("{count} job", "{count} jobs", found.jobs).format(count=found.jobs)
            waiting = _waiting(found)
            messages = ngettext("{count} message", "{count} messages", waiting).format(count=waiting)
            parts.append(_("{jobs} and {messages} wait").format(jobs=jobs, messages=messages))
        yield joined(": ", (*parts, _("start one with `pec worker`")))
    elif found.unserved_queues:
        queues = ", ".join(found.unserved_queues)
        yield _("no live worker consumes {queues}: start `pec worker --queues {queue} …`").format(
            queues=queues, queue=found.unserved_queues[0]
        )


def _about_caps(found: Overview, token: Token) -> Iterator[str]:
    accounts = named(token.accounts)
    if full := used_up(token):
        goes_on = goes_on_at(found, token)
        used_up_for = _("the {period} cap of {cap} is used up for {accounts}")
        parts = [used_up_for.format(period=full[0], cap=full[1], accounts=accounts)]
        if goes_on:
            parts.append(_("goes on at {time} in Rome").format(time=clock(goes_on, found.now)))
        yield joined(": ", parts)
        return
    for period, cap, left in _caps(token):
        if left < (1 - NEARLY_USED_UP) * cap:
            yield ngettext(
                "{count} of the {period} cap of {cap} is left for {accounts}",
                "{count} of the {period} cap of {cap} are left for {accounts}",
                left,
            ).format(count=left, period=period, cap=cap, accounts=accounts)


def _about_messages(found: Overview) -> Iterator[str]:
    if held := found.messages.get(State.HELD):
        yield ngettext(
            "{count} held: `pec list --state held`, then `pec resend ID` or `pec discard ID`",
            "{count} held: `pec list --state held`, then `pec resend ID` or `pec discard ID` for each",
            held,
        ).format(count=held)
    if rejected := found.streams["rejected"]:
        yield ngettext(
            "{count} job was rejected: see `pec list --rejected`",
            "{count} jobs were rejected: see `pec list --rejected`",
            rejected,
        ).format(count=rejected)
    yield from _about_versions_and_api(found)


def _about_versions_and_api(found: Overview) -> Iterator[str]:
    if found.unsupported:
        yield ngettext(
            "{count} message was written by a newer version and is skipped: upgrade all workers",
            "{count} messages were written by a newer version and are skipped: upgrade all workers",
            found.unsupported,
        ).format(count=found.unsupported)
    if found.circuit_open:
        yield _("the API gave no usable answer {times}: it is probed; see `pec doctor`").format(
            times=times_in_a_row(found.api_failures)
        )


def _about_lateness(found: Overview, work: Work) -> Iterator[str]:
    if work.served and work.overdue_since and _seconds(found, work.overdue_since) > LATE_SECONDS:
        late = ngettext("{count} due, for {age}", "{count} due, the oldest for {age}", work.overdue).format(
            count=work.overdue, age=age(work.overdue_since, found.now)
        )
        yield _("queue {queue} is late: {late}: add workers, or `pec worker --queues {queue2}`").format(
            queue=work.queue, late=late, queue2=work.queue
        )


def named(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    first = ", ".join(names[:_MAX_NAMES])
    if len(names) <= _MAX_NAMES:
        return first
    more = len(names) - _MAX_NAMES
    return ngettext("{names} and one more", "{names} and {count} more", more).format(names=first, count=more)


def _caps(token: Token) -> Iterator[tuple[str, int, int]]:
    """Yield each cap: its period, its size, and the sends that are left."""
    if token.daily_cap is not None and token.left_today is not None:
        yield _("daily"), token.daily_cap, token.left_today
    if token.monthly_cap is not None and token.left_this_month is not None:
        yield _("monthly"), token.monthly_cap, token.left_this_month


def _waiting(found: Overview) -> int:
    return sum(lane.waiting for lane in found.lanes.values())


def _seconds(found: Overview, since: datetime) -> float:
    return (found.now - since).total_seconds()
