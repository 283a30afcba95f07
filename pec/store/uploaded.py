"""Bytes that a token of the gateway uploaded: no other token can name them in a job, or learn that they are there."""

from collections.abc import Iterable

import redis

from pec.store import replication
from pec.store.store import Store

KEEP_SECONDS = 7 * 86_400
_UNFINISHED_SECONDS = 3600


def write(store: Store, part: str, offset: int, data: bytes) -> None:
    """Write a piece of an upload at its place, which bears being done twice."""
    key = store.keys.uploading(part)
    with store.client.pipeline(transaction=False) as pipeline:
        if data:
            pipeline.setrange(key, offset, data)
        elif not offset:
            pipeline.set(key, b"")
        pipeline.expire(key, _UNFINISHED_SECONDS)
        pipeline.execute()


def finish(store: Store, part: str, owner: str, sha256: str, size: int) -> bool:
    """Give the upload its name and its owner, on the replicas that are awaited. Return False if its bytes are gone."""
    keys = store.keys
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.rename(keys.uploading(part), keys.upload(sha256))
        pipeline.expire(keys.upload(sha256), KEEP_SECONDS)
        pipeline.set(keys.uploaded(owner, sha256), size, ex=KEEP_SECONDS)
        try:
            replication.execute(store, pipeline, replication.JOBS_MILLISECONDS)
        except redis.ResponseError as error:
            if "no such key" not in str(error):
                raise
            # renamed already, if the answer to this pipeline was lost and it was repeated
            return bool(store.client.exists(keys.upload(sha256)))
    return True


def drop(store: Store, part: str) -> None:
    store.client.delete(store.keys.uploading(part))


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
