"""The index of messages by state and account: whether it is complete, and how messages of older versions join it.

Each commit keeps it. Workers of an older version don't, so each hourly pass compares its counts with those of all
messages. Readers use it for two hours after counts that agreed. A pass that mended it leaves the word to the next one,
because older workers may still run.
"""

from pec.names import State
from pec.store.store import Store, text, text_list

_CHUNK = 500


def is_complete(store: Store) -> bool:
    return bool(store.client.exists(store.keys.by_account))


def complete(store: Store) -> bool:
    """Note that the counts agree; else enter what is missing and remove what has moved on. Return whether they differ.

    All states are walked: where as many messages are missing as have moved on, the counts of a state agree.
    """
    if not store.run("check_by_account", *State):
        return False
    for state in State:
        for account in text_list(store.client.zrange(store.keys.accounts, 0, -1)):
            _walk(store, store.keys.state_of(state, account), "leave_by_account", state, account)
        _walk(store, store.keys.state(state), "enter_by_account", state)
    return True


def _walk(store: Store, index: str, script: str, *names: str) -> None:
    ids: list[str] = []
    for message_id, _ in store.client.zscan_iter(index, count=_CHUNK):
        ids.append(text(message_id))
        if len(ids) == _CHUNK:
            store.run(script, *names, *ids)
            ids = []
    if ids:
        store.run(script, *names, *ids)
