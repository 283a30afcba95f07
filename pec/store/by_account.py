"""The index of messages by state and account: whether it is complete, and how messages of older versions join it.

Each commit keeps it. Workers of an older version don't, so its counts are compared with those of all messages now and
then. Readers use it while they agree.
"""

from pec.names import State
from pec.store.store import Store, text, text_list

_CHUNK = 500


def is_complete(store: Store) -> bool:
    return bool(store.client.exists(store.keys.by_account))


def complete(store: Store) -> bool:
    """Enter what is missing and remove what has moved on. Return whether there was anything to do."""
    differing = _differing(store)
    for state in differing:
        for account in text_list(store.client.zrange(store.keys.accounts, 0, -1)):
            _walk(store, store.keys.state_of(state, account), "leave_by_account", state, account)
        _walk(store, store.keys.state(state), "enter_by_account", state)
    if differing:
        _differing(store)
    return bool(differing)


def _differing(store: Store) -> list[State]:
    """Return the states whose messages are not all in the index, and note whether there are any."""
    return [State(one) for one in text_list(store.run("check_by_account", *State))]


def _walk(store: Store, index: str, script: str, *names: str) -> None:
    ids: list[str] = []
    for message_id, _ in store.client.zscan_iter(index, count=_CHUNK):
        ids.append(text(message_id))
        if len(ids) == _CHUNK:
            store.run(script, *names, *ids)
            ids = []
    if ids:
        store.run(script, *names, *ids)
