"""The product's waits that no setting shortens, made to last a run's time."""

import os
import re
from datetime import timedelta

SCALE = float(
    os.environ.get("CHAOS_SCALE", "1")
)  # how many times faster than in production the circuit waits


def shorten() -> None:
    _shorten_waits()
    _shorten_imap()
    _scale_the_circuit()


def _shorten_waits() -> None:
    import pec.transitions as transitions

    transitions.GRACE = timedelta(seconds=2)  # before others take its name
    transitions.UNREADABLE_RETRY_SECONDS = 2
    transitions.REQUEUE_FIRST_SECONDS, transitions.REQUEUE_MAX_SECONDS = 1, 4
    from workers.tasks import send, webhook

    webhook.LEASE_MARGIN_SECONDS = 1
    send.CLAIM_AGE_SECONDS = 2.0


def _shorten_imap() -> None:
    from pec.imap import session
    from workers import context
    from workers.mailbox import imap_idle
    from workers.middleware import archive_watch, imap_reading
    from workers.tasks import archive, purge

    session.CONNECT_SECONDS = 1.0
    session.WAIT_SECONDS = archive.WAIT_SECONDS = 2.0  # type: ignore[attr-defined]
    archive.EVERY_SECONDS, archive.POLLED_SECONDS, archive.SOON_SECONDS = 2.0, 1.0, 0.3
    archive.FIRST_WAIT_SECONDS, archive.MAX_WAIT_SECONDS = 0.3, 1.0
    archive.LEASE_SECONDS = archive.OLD_EVERY_SECONDS = 2.0
    context.IMAP_SILENT = imap_reading.IMAP_SILENT = timedelta(seconds=4)  # type: ignore[attr-defined]
    imap_idle.LEASE_SECONDS, imap_idle.WAIT_SECONDS = 2.0, 0.5
    imap_idle.OTHERS_SECONDS, imap_idle.AGAIN_SECONDS = 0.5, 1.0
    purge.SOONEST_SECONDS, purge.AGAIN_SECONDS, purge.QUOTA_SECONDS = 0.5, 1.0, 1.0
    imap_reading.EVERY_SECONDS = archive_watch.EVERY_SECONDS = archive_watch.AGAIN_SECONDS = 1.0


CIRCUITS = {  # script → what a wait looks like in it, how many there are, and how many times shorter they are to be
    "finish_send": (r"(?<!/ )\b(5|60|120|300)(?=e6)", 4, SCALE),
    # 0.1 s at most: as little beside the schedule of a run as 5 minutes are beside days
    "deliver": (r"\b(5|300)(?= \* 2 \^ beyond|\)\n)", 2, 3000),
}


def _scale_the_circuit() -> None:
    """The waits of the API's and of endpoints' circuits, divided. Says so at boot, where they are written otherwise."""
    import pec.store.store as store

    text_of = store._text_of

    def scaled(name: str) -> str:
        found = text_of(name)
        if name not in CIRCUITS:
            return found
        pattern, count, times = CIRCUITS[name]
        shorter, waits = re.subn(pattern, lambda wait: f"{int(wait[1]) / times:f}", found)
        assert waits == count, f"{name}.lua says its waits in another way: scale them here"
        return shorter

    for name in CIRCUITS:
        scaled(name)
    store._text_of = scaled  # type: ignore[assignment]  # a function like it
    store._source.cache_clear()
