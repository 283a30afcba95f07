"""Names of batches that messages in Redis belong to: what somebody who mistyped one probably meant."""

from collections.abc import Iterator
from difflib import get_close_matches

from cli import output
from pec.names import State
from pec.store.store import Store, text

_MAX_LOOKED_AT = 1000  # messages of each state, newest first


def near_batch(store: Store, batch: str) -> str | None:
    """Return the known name that looks most like this one, or None."""
    return next(iter(get_close_matches(batch, known_batches(store), n=1)), None)


def note_unknown(store: Store, batch: str) -> None:
    """Say that a batch has no messages, if a known one has a name like it."""
    if not store.client.exists(store.keys.members(batch)) and (near := near_batch(store, batch)):
        output.note(f"There is no message of batch {batch} so far: did you mean {near}?")


def known_batches(store: Store) -> list[str]:
    """Return the names of the batches that the newest messages of each state belong to."""
    return sorted(set(_of_newest(store)))


def _of_newest(store: Store) -> Iterator[str]:
    with store.client.pipeline(transaction=False) as pipeline:
        for state in State:
            pipeline.zrevrange(store.keys.state(state), 0, _MAX_LOOKED_AT - 1)
        newest = [one for page in pipeline.execute() for one in page]
        for message_id in newest:
            pipeline.hget(store.keys.message(text(message_id)), "batch")
        yield from (text(batch) for batch in pipeline.execute() if batch)
