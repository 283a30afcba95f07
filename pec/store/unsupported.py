"""Messages that a worker could not read, because a newer version wrote them: noted, so that operators are told."""

from pec.store.store import Store

_KEPT_SECONDS = 86_400
RECENT_SECONDS = 3600  # what nobody met for so long was read by a newer version, or is no longer due


def note(store: Store, message_id: str) -> None:
    """It was met now, and left alone."""
    now = store.now()
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.zadd(store.keys.unsupported, {message_id: now})
        pipeline.zremrangebyscore(store.keys.unsupported, "-inf", now - _KEPT_SECONDS)
        pipeline.execute()
