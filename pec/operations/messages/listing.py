"""Messages as an operator lists them: by state, batch and account."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from pec.messages import Message, UnsupportedRecord
from pec.names import State
from pec.operations.messages.attempts import Replacements
from pec.store import records
from pec.store.store import Store

_MAX_LOOKED_AT = 10_000  # of each state, newest first


@dataclass(frozen=True, slots=True)
class Listing:
    """Messages that were asked for. `unsupported`: records of a newer version, which are left out."""

    messages: list[Message]
    unsupported: int
    replaced_by: Mapping[str, str]  # ids of messages and of the later attempts that replaced them


def list_messages(
    store: Store,
    *,
    states: Collection[State] = (),
    batch: str | None = None,
    account: str | None = None,
    limit: int,
) -> Listing:
    """Return messages newest first, or those of a batch in the order of intake; of states, those not replaced."""
    replacements = Replacements(store)
    unsupported: list[UnsupportedRecord] = []
    ids = records.ids_of_batch(store, batch) if batch else _newest(store, states)
    found = records.read_all(store, ids, unsupported.append)
    wanted = (one for one in found if _fits(one, states, account))
    if states:
        wanted = (one for one in wanted if not replacements.of(one))
    chosen = list(islice(wanted, limit))
    replaced_by = {one.id: later for one in chosen if (later := replacements.of(one))}
    return Listing(chosen, len(unsupported), replaced_by)


def read_messages(store: Store, ids: Iterable[str]) -> list[Message]:
    """Return the messages of these ids that exist, in order. Raise UnsupportedRecord."""
    return list(records.read_all(store, ids))


def has_messages(store: Store, job_id: str | None, batch: str | None) -> bool:
    """Return whether a job has made messages, or else whether a batch has any."""
    if job_id is not None:
        return bool(records.ids_of_job(store, job_id))
    return batch is not None and bool(store.client.exists(store.keys.members(batch)))


def _newest(store: Store, states: Collection[State]) -> Iterable[str]:
    newest = store.client.pipeline(transaction=False)
    for one in states or State:
        newest.zrevrange(store.keys.state(one), 0, _MAX_LOOKED_AT - 1, withscores=True)
    found = sorted((pair for pairs in newest.execute() for pair in pairs), key=lambda pair: -pair[1])
    return (message_id.decode() for message_id, _ in found[:_MAX_LOOKED_AT])


def _fits(message: Message, states: Collection[State], account: str | None) -> bool:
    return (not states or message.state in states) and (account is None or message.account == account)
