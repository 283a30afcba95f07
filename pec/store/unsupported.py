"""Messages that a worker could not read, because a newer version wrote them: noted for operators."""

from pec.store.store import Store

_KEPT_SECONDS = 86_400
RECENT_SECONDS = 3600  # older ones were read by a newer version, or are no longer due


def note(store: Store, message_id: str) -> None:
    """Note that a worker met the message now, and skipped it."""
    now = store.now()
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.zadd(store.keys.unsupported, {message_id: now})
        pipeline.zremrangebyscore(store.keys.unsupported, "-inf", now - _KEPT_SECONDS)
        pipeline.execute()
