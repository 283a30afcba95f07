"""Reads what a message's waiting depends on: its account, its place in line, what is due, who works."""

from typing import Any

from config.settings import Settings
from pec.instants import from_epoch
from pec.messages import Message
from pec.names import Queue
from pec.store import accounts, presence
from pec.store.store import Store, text, wall_clock
from producers.cli.lanes import position, seconds_to_send
from producers.cli.waiting import Surroundings


def surroundings_of(store: Store, settings: Settings, message: Message) -> Surroundings:
    """Six round trips, for one message that a person looks at."""
    failures: Any = store.client.hget(store.keys.circuit, "failures")
    due = {queue: store.client.zscore(store.keys.due(queue), message.id) for queue in Queue}
    return Surroundings(
        now=from_epoch(wall_clock()),
        paused=accounts.state_of(store, message.account).reason,
        account_served=message.account in presence.vouched(store, "account"),
        queues_served=frozenset(presence.vouched(store, "queue")),
        due={queue: from_epoch(float(at)) for queue, at in due.items() if at is not None},
        position=position(store, message.account, message.id),
        seconds_to_send=seconds_to_send(store, settings.api, {message.account: message.id}),
        api_failures=int(text(failures)) if failures else 0,
    )
