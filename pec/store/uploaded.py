"""Bytes that a token of the gateway uploaded: no other token can name them in a job, or learn that they are there."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from pec.store import replication
from pec.store.once import TooMuchHeld
from pec.store.store import Store, text_list

KEEP_SECONDS = 7 * 86_400
_UNFINISHED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that is not over, and the bytes that are reserved for it; 0: its owner has no limit."""

    owner: str
    part: str
    reserved: int


def begin(store: Store, owner: str, size: int, limit_bytes: int) -> Upload:
    """Reserve bytes among those that the owner may hold; 0: there is no limit. Raise TooMuchHeld."""
    upload = Upload(owner, secrets.token_hex(16), size if limit_bytes else 0)
    if limit_bytes and (wait := int(store.run("begin_upload", owner, upload.part, size, limit_bytes))):
        raise TooMuchHeld(wait)
    return upload


def write(store: Store, upload: Upload, offset: int, data: bytes) -> None:
    """Write a piece of an upload at its place, which bears being done twice."""
    key = store.keys.uploading(upload.part)
    with store.client.pipeline(transaction=False) as pipeline:
        if data:
            pipeline.setrange(key, offset, data)
        elif not offset:
            pipeline.set(key, b"")
        pipeline.expire(key, _UNFINISHED_SECONDS)
        pipeline.execute()


def finish(store: Store, upload: Upload, sha256: str, size: int) -> bool:
    """Give the upload its name and its owner, on the replicas that are awaited. Return False if its bytes are gone."""
    args: list[str | int] = [upload.owner, upload.part, upload.reserved, sha256, size, KEEP_SECONDS]
    return bool(replication.run_intake(store, "finish_upload", args, replication.JOBS_MILLISECONDS))


def drop(store: Store, upload: Upload) -> None:
    store.run("drop_upload", upload.owner, upload.part, upload.reserved)


def sizes(store: Store, owner: str, digests: Iterable[str]) -> dict[str, int]:
    """Return the sizes of those of the digests that the owner uploaded and that are held. Keep them as long again."""
    wanted = list(dict.fromkeys(digests))
    if not wanted:
        return {}
    found = text_list(store.run("renew_uploads", owner, KEEP_SECONDS, *wanted))
    return {digest: int(size) for digest, size in zip(wanted, found, strict=True) if size}
