"""List everything that needs a person, worst first, each with its remedy and the thing that it is about. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from config.texts import _, ngettext
from pec.names import State
from pec.operations.status import overview_warnings, paused_batches
from pec.operations.status.diagnosis import remedy_of_pause
from pec.operations.status.findings import Finding, Mark
from pec.operations.status.imap_findings import imap_findings
from pec.operations.status.overview import Lane, Overview
from pec.operations.status.standstills import failing, losses, standstills, unserved
from pec.reasons import explain
from pec.store.accounts import BY_OPERATOR

_ORDER = (Mark.FAIL, Mark.WARN, Mark.NOTE)


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing. `kind` and `name` say what it is about: an account, an endpoint, a batch, `held`, `workers`, …"""

    mark: Mark
    what: str
    remedy: str
    kind: str
    name: str = ""


def needs_a_person(found: Overview) -> list[Attention]:
    """Return everything that needs a person, or that a person is to know."""
    each = chain(
        _workers(found),
        _messages(found),
        *(_lane(found, lane) for lane in found.lanes.values()),
        _endpoints(found),
        _batches(found),
        _installation(found),
    )
    return sorted(each, key=lambda one: _ORDER.index(one.mark))


def _workers(found: Overview) -> Iterator[Attention]:
    if not found.workers:
        yield Attention(Mark.FAIL, _("no worker is running"), _("start one with `pec worker`"), "workers")
        return
    for finding in (*standstills(found), *unserved(found)):
        yield _of(finding, "workers")


def _messages(found: Overview) -> Iterator[Attention]:
    if held := found.messages.get(State.HELD):
        what = ngettext(
            "{count} message is held: its send may have arrived or not",
            "{count} messages are held: their sends may have arrived or not",
            held,
        ).format(count=held)
        yield Attention(Mark.WARN, what, _("look at what the mailbox showed, then decide"), "held")
    if rejected := found.streams["rejected"]:
        what = ngettext("{count} job was rejected", "{count} jobs were rejected", rejected).format(
            count=rejected
        )
        yield Attention(Mark.NOTE, what, _("correct them and enqueue them again"), "rejected")


def _lane(found: Overview, lane: Lane) -> Iterator[Attention]:
    about = _("account {account}").format(account=lane.account)
    if lane.paused:
        mark = Mark.NOTE if lane.paused.code == BY_OPERATOR else Mark.FAIL
        what = _("account {account} is paused: {reason}").format(
            account=lane.account, reason=explain(lane.paused)
        )
        yield Attention(mark, what, remedy_of_pause(lane.account, lane.paused), "account", lane.account)
    elif remedy := overview_warnings.lane_remedy(lane):
        yield Attention(Mark.WARN, about, remedy, "account", lane.account)
    for finding in imap_findings(lane, found.now):
        yield _of(finding, "account", lane.account)


def _endpoints(found: Overview) -> Iterator[Attention]:
    for endpoint in found.endpoints:
        for finding in failing(endpoint):
            yield _of(finding, "endpoint", endpoint.name)


def _batches(found: Overview) -> Iterator[Attention]:
    for batch in found.paused_batches:
        what = paused_batches.what(batch, found.now)
        yield Attention(Mark.NOTE, what, paused_batches.remedy(batch), "batch", batch.name)


def _installation(found: Overview) -> Iterator[Attention]:
    for finding in losses(found):
        yield _of(finding, "redis")
    for line in overview_warnings.about_the_installation(found):
        yield Attention(Mark.WARN, line, "", "installation")


def _of(finding: Finding, kind: str, name: str = "") -> Attention:
    return Attention(finding.mark, finding.what, finding.remedy, kind, name)
