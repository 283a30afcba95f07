"""Messages as an operator lists them: by state, batch and account."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from pec.messages import Message, UnsupportedRecord
from pec.names import State
from pec.store import records
from pec.store.store import Store

_MAX_LOOKED_AT = 10_000  # of each state, newest first


@dataclass(frozen=True, slots=True)
class Listing:
    """Messages that were asked for. `unsupported`: records of a newer version, which are left out."""

    messages: list[Message]
    unsupported: int


def list_messages(
    store: Store,
    *,
    states: Collection[State] = (),
    batch: str | None = None,
    account: str | None = None,
    limit: int,
) -> Listing:
    """Return messages newest first, or those of a batch in the order of intake."""
    unsupported: list[UnsupportedRecord] = []
    ids = records.ids_of_batch(store, batch) if batch else _newest(store, states)
    found = records.read_all(store, ids, unsupported.append)
    wanted = (one for one in found if _fits(one, states, account))
    return Listing(list(islice(wanted, limit)), len(unsupported))


def _newest(store: Store, states: Collection[State]) -> Iterable[str]:
    newest = store.client.pipeline(transaction=False)
    for one in states or State:
        newest.zrevrange(store.keys.state(one), 0, _MAX_LOOKED_AT - 1, withscores=True)
    found = sorted((pair for pairs in newest.execute() for pair in pairs), key=lambda pair: -pair[1])
    return (message_id.decode() for message_id, _ in found[:_MAX_LOOKED_AT])


def _fits(message: Message, states: Collection[State], account: str | None) -> bool:
    return (not states or message.state in states) and (account is None or message.account == account)
