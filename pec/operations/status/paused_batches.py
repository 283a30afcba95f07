"""The words about a paused batch that status, doctor, health and watch share. Pure."""

from datetime import datetime

from config.texts import _, joined, ngettext
from pec.operations.status.progress import clock
from pec.store.batches import PausedBatch


def what(paused: PausedBatch, now: datetime) -> str:
    """Return since when a batch is paused, by whom, and how many messages wait for that."""
    by = paused.reason.details.get("by") or _("an operator")
    since = clock(paused.since, now)
    return ngettext(
        "batch {batch} was paused at {time} in Rome by {who}; {count} message waits",
        "batch {batch} was paused at {time} in Rome by {who}; {count} messages wait",
        paused.parked,
    ).format(batch=paused.name, time=since, who=by, count=paused.parked)


def remedy(paused: PausedBatch) -> str:
    """Return what an operator does to have it sent."""
    return _("`pec resume --batch {batch}` lets it go on").format(batch=paused.name)


def said(paused: PausedBatch, now: datetime) -> str:
    """Return both as one sentence."""
    return joined(": ", (what(paused, now), remedy(paused)))
