"""Reads which messages of a batch later attempts replaced: once for each batch, and only if it matters."""

from collections.abc import Iterator, Mapping

from pec.attempts import OVER, Attempt, further_attempts, replaced
from pec.messages import Message
from pec.store import records
from pec.store.store import Store


class Replacements:
    """The last attempts at messages that did not arrive. A batch is read when its first such message is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batches: dict[str, dict[str, str]] = {}

    def of(self, message: Message) -> str | None:
        """Return the id of the last attempt that replaced this message, if one did."""
        if message.batch is None or message.state not in OVER:
            return None
        return self.in_batch(message.batch).get(message.id)

    def in_batch(self, batch: str) -> Mapping[str, str]:
        """Return the ids of all messages of a batch that were replaced, each with the id of its last attempt."""
        if batch not in self._batches:
            self._batches[batch] = replaced(self._attempts(batch))
        return self._batches[batch]

    def _attempts(self, batch: str) -> Iterator[Attempt]:
        """Records are read of those only whose ids show that there may have been a further attempt."""
        further = further_attempts(records.ids_of_batch(self._store, batch))
        ids = dict.fromkeys(one for first, others in further.items() for one in (first, *others))
        found = records.read_all(self._store, ids, on_unsupported=lambda met: None)
        return (Attempt.of(message) for message in found)
