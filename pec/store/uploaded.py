"""Bytes that a token of the gateway uploaded: no other token can name them in a job, or learn that they are there."""

from collections.abc import Iterable

from pec.store.store import Store

KEEP_SECONDS = 7 * 86_400


def sizes(store: Store, owner: str, digests: Iterable[str]) -> dict[str, int]:
    """Return the sizes of those of the digests that the owner uploaded and that are held. Refresh their expiry."""
    wanted = list(dict.fromkeys(digests))
    if not wanted:
        return {}
    keys = store.keys
    with store.client.pipeline(transaction=False) as pipeline:
        for digest in wanted:
            pipeline.getex(keys.uploaded(owner, digest), ex=KEEP_SECONDS)
            pipeline.expire(keys.upload(digest), KEEP_SECONDS)
            pipeline.exists(keys.content(digest))
        replies = pipeline.execute()
    stated = zip(wanted, replies[::3], replies[1::3], replies[2::3], strict=True)
    return {digest: int(size) for digest, size, put, taken in stated if size is not None and (put or taken)}
