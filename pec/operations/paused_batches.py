"""What is said of a paused batch, alike by status, doctor, health and watch. Pure."""

from datetime import datetime

from pec.operations.progress import clock
from pec.store.batches import PausedBatch


def what(paused: PausedBatch, now: datetime) -> str:
    """Return since when a batch is paused, by whom, and how many messages wait for that."""
    by = paused.reason.details.get("by") or "an operator"
    since = clock(paused.since, now)
    return f"batch {paused.name} was paused at {since} in Rome by {by}; messages that wait: {paused.parked}"


def remedy(paused: PausedBatch) -> str:
    """Return what an operator does to have it sent."""
    return f"`pec resume --batch {paused.name}` lets it go on"


def said(paused: PausedBatch, now: datetime) -> str:
    """Return both in a sentence."""
    return f"{what(paused, now)}: {remedy(paused)}"
