"""Hosts whose workers don't reach the API. They send nothing meanwhile, and the others go on."""

from collections.abc import Iterator
from itertools import groupby

from config.texts import _, joined, ngettext
from pec.messages import Reason
from pec.names import Queue
from pec.operations.status.findings import Finding, Mark
from pec.operations.status.overview import Overview, Worker
from pec.operations.status.progress import clock
from pec.reasons import explain

_OTHERS = _(
    "check that machine's network, its DNS and PEC_API__URL: other hosts go on, and this one resumes automatically"
)
_ALL = _(
    "check the network of the machines and PEC_API__URL: nothing is sent, and all resumes once a "
    "worker reaches the API"
)


def out_of_reach(found: Overview) -> Iterator[Finding]:
    """Yield each host with workers that don't reach the API, since when, and why. It is a failure if none does."""
    all_lost = nobody_reaches(found) is not None
    lost = sorted((one for one in found.workers if one.api_lost), key=lambda one: one.host)
    for host, workers in groupby(lost, key=lambda one: one.host):
        yield Finding(
            Mark.FAIL if all_lost else Mark.WARN,
            _said(found, host, list(workers)),
            _ALL if all_lost else _OTHERS,
        )


def nobody_reaches(found: Overview) -> Reason | None:
    """Return why no worker that sends reaches the API, or None if one does or none sends."""
    sending = [one for one in found.workers if not one.queues or Queue.SEND in one.queues]
    reasons = [one.api_lost for one in sending if one.api_lost]
    return reasons[0] if reasons and len(reasons) == len(sending) else None


def explain_out_of_reach(reason: Reason) -> str:
    """Return why a message waits while no worker reaches the API."""
    return joined(": ", (_("no worker reaches the API"), explain(reason), _ALL))


def _said(found: Overview, host: str, workers: list[Worker]) -> str:
    first = min(workers, key=lambda one: one.api_lost_since or found.now)
    what = ngettext(
        "host {host}: {count} worker process does not reach the API since {time} in Rome",
        "host {host}: {count} worker processes do not reach the API since {time} in Rome",
        len(workers),
    ).format(host=host, count=len(workers), time=clock(first.api_lost_since or found.now, found.now))
    return joined(": ", (what, explain(first.api_lost))) if first.api_lost else what
