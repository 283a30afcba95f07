"""Names of batches that messages in Redis belong to, so that a mistyped one is answered with the one meant."""

from collections.abc import Iterator
from difflib import get_close_matches

from config.texts import _
from pec.names import State
from pec.operations.messages.absent import jobs_remedy
from pec.operations.refusals import Refused
from pec.operations.status.load_overview import jobs_waiting
from pec.store.store import Store, text

_MAX_LOOKED_AT = 1000  # messages of each state, newest first
_MAX_NAMED = 5


def near_batch(store: Store, batch: str) -> str | None:
    """Return the known name that looks most like this one, or None."""
    return next(iter(get_close_matches(batch, known_batches(store), n=1)), None)


def meant_instead(store: Store, batch: str) -> str | None:
    """Return the known name that looks like this one, or None if the batch itself has messages."""
    return None if store.client.exists(store.keys.members(batch)) else near_batch(store, batch)


def is_unknown(store: Store, batch: str) -> bool:
    """Return whether the batch has no message and none can be under way: no job waits to be taken."""
    return not store.client.exists(store.keys.members(batch)) and not jobs_waiting(store)[0]


def known_batches(store: Store) -> list[str]:
    """Return the names of the batches that the newest messages of each state belong to."""
    return sorted(set(_of_newest(store)))


def unknown_batch(store: Store, batch: str) -> Refused:
    """Return the refusal of a name that is mistyped, or whose jobs no worker has taken yet."""
    waiting = jobs_waiting(store)[0]
    if near := near_batch(store, batch):
        remedy: str = _("did you mean {name}?").format(name=near)
    elif waiting:
        remedy = jobs_remedy(store)
    else:
        named = ", ".join(known_batches(store)[:_MAX_NAMED])
        remedy = (
            _("known are: {names}").format(names=named)
            if named
            else _("no queued message belongs to a batch")
        )
    return Refused(
        "unknown_batch", _("there is no batch {batch}: {remedy}").format(batch=batch, remedy=remedy)
    )


def _of_newest(store: Store) -> Iterator[str]:
    with store.client.pipeline(transaction=False) as pipeline:
        for state in State:
            pipeline.zrevrange(store.keys.state(state), 0, _MAX_LOOKED_AT - 1)
        newest = [one for page in pipeline.execute() for one in page]
        for message_id in newest:
            pipeline.hget(store.keys.message(text(message_id)), "batch")
        yield from (text(batch) for batch in pipeline.execute() if batch)
