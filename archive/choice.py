"""The messages that an export was asked for, or the refusal of a name that none has."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from archive import selection, table
from archive.case_files import CaseFile
from config.texts import _, ngettext
from pec.names import State
from pec.operations.messages.absent import absent
from pec.operations.messages.batch_names import near_batch
from pec.operations.refusals import Refused
from pec.store import records
from pec.store.store import Store


@dataclass(frozen=True, slots=True)
class Choice:
    """Messages, about how many they are, and the states that count; no state means all."""

    ids: Callable[[], Iterable[str]]
    count: int
    states: frozenset[State] = frozenset()

    def has(self, case: CaseFile) -> bool:
        """Return whether the message, or one of its recipients, is in one of the states and not replaced."""
        if not self.states:
            return True
        return not case.replaced_by and bool(self.states & table.states_of(case.message))


def choose(store: Store, jobs: Sequence[str], batch: str | None, states: Collection[State]) -> Choice:
    """Return the messages of these jobs, else of the batch, else all. Raise Refused if a name has none."""
    wanted = frozenset(states)
    if jobs:
        named = list(dict.fromkeys(one for job in jobs for one in _messages_of(store, job)))
        return Choice(lambda: named, len(named), wanted)
    if batch is None:
        return Choice(partial(selection.of_all, store), sum(records.counts(store).values()), wanted)
    return Choice(partial(selection.of_batch, store, batch), count_of_batch(store, batch), wanted)


def count_of_batch(store: Store, batch: str) -> int:
    """Return how many messages a batch has. Raise Refused if it has none."""
    if count := selection.count_of_batch(store, batch):
        return count
    raise Refused(
        "unknown_batch",
        _("there is no message of batch {batch}: {remedy}").format(batch=batch, remedy=_remedy(store, batch)),
    )


def _messages_of(store: Store, job: str) -> list[str]:
    messages = records.ids_of_job(store, job)
    if not messages:
        raise absent(store, job)
    for message in messages:
        if not store.client.exists(store.keys.message(message)):
            raise Refused(
                "deleted",
                _("there is no record of {id} any more: it was kept as long as it had to be").format(
                    id=message
                ),
            )
    return messages


def _remedy(store: Store, batch: str) -> str:
    waiting = int(store.client.xlen(store.keys.jobs))
    if rejected := selection.rejected_of(store, batch):
        return ngettext(
            "{count} of its jobs was rejected, `pec list --rejected` says why",
            "{count} of its jobs were rejected, `pec list --rejected` says why",
            rejected,
        ).format(count=rejected)
    if waiting:
        return ngettext(
            "{count} job waits to be taken, it may be of this batch: try again",
            "{count} jobs wait to be taken, they may be among them: try again",
            waiting,
        ).format(count=waiting)
    if near := near_batch(store, batch):
        return _("did you mean {name}?").format(name=near)
    return _("check the name, or look through `pec list`")
