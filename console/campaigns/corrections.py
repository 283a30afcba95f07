"""Send again to corrected addresses: rows that reached no recipient become the list of a draft of the same batch."""

import csv
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from archive.atomic_files import atomic_write
from config.texts import _
from console.campaigns.draft import Draft
from console.campaigns.shelf import Desk, Shelf
from console.campaigns.tasks import Task, read_status
from console.campaigns.work import Checked
from pec.attempts import SENDABLE_AGAIN
from pec.messages import Message
from pec.names import State
from pec.reasons import explain
from pec.spreadsheet_text import escape
from producers.campaigns.columns import BATCH, ERRORS, MADE_ID, fold
from producers.campaigns.row_store import RowStore

LIST = "corrections.csv"
_OURS = (BATCH, MADE_ID, *ERRORS)


@dataclass(frozen=True, slots=True)
class Missed:
    """A message that reached no recipient, and its row: `values` by column, and the id of the first attempt."""

    message: Message
    values: Mapping[str, str]
    recipient_column: str
    first_id: str

    @property
    def may_repeat(self) -> bool:
        """Return whether the same address may get it again."""
        return self.message.state in SENDABLE_AGAIN


def missed_rows(shelf: Shelf, batch: str, messages: Iterable[Message]) -> list[Missed]:
    """Return the rows of messages, as the campaigns of the batch have them; without those that none has."""
    with ExitStack() as stack:
        lists = [(rows, found) for rows, found in _lists(shelf, batch, stack)]
        return [row for one in messages if (row := _row(lists, one)) is not None]


def make_correction(
    shelf: Shelf, desk: Desk, draft: Draft, owner: str, again: Iterable[State]
) -> tuple[Desk, Draft]:
    """Return a new draft with the same letter, files and batch, for a list that is still to be written."""
    made, fresh = shelf.make(owner, LIST, draft.batch, parent=draft.parent or draft.id)
    for old, new in ((desk.files, made.files), (desk.everyone, made.everyone)):
        for one in old.iterdir():
            _link(one, new / one.name)
    _link(desk.letter, made.letter)
    kept = ("account", "subject", "has_letter", "file_columns", "allow_empty")
    same = {name: getattr(draft, name) for name in kept}
    return made, fresh.model_copy(update={**same, "again": tuple(again)})


def write_list(
    path: Path,
    rows: Iterable[Missed],
    addresses: Mapping[str, str],
    batch: str,
    words: Callable[[object], str],
) -> None:
    """Write rows as a list that belongs to the batch: with a new address, or with the old one."""
    wanted = list(rows)
    names = list(dict.fromkeys(name for row in wanted for name in row.values))
    with atomic_write(path) as raw:
        file = TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        writer = csv.writer(file, delimiter=";")
        writer.writerow(map(escape, [*names, MADE_ID, BATCH, words(_("errors"))]))
        for row in wanted:
            values = dict(row.values)
            values[row.recipient_column] = addresses.get(row.message.id, values[row.recipient_column])
            reason = row.message.reason
            why = words(explain(reason)) if reason else words(row.message.state)
            writer.writerow(
                map(escape, [*(values.get(name, "") for name in names), row.first_id, batch, why])
            )
        file.detach()


def _lists(shelf: Shelf, batch: str, stack: ExitStack) -> Iterator[tuple[RowStore, Checked]]:
    """Yield the checked rows of each campaign of the batch, newest first."""
    for draft in shelf.all():
        if draft.batch == batch:
            desk = Desk(shelf.root / draft.id)
            status = read_status(desk, Task.CHECK)
            if status and isinstance(status.outcome, Checked):
                with suppress(OSError):
                    yield stack.enter_context(RowStore.kept(desk.rows(Task.CHECK))), status.outcome


def _row(lists: Iterable[tuple[RowStore, Checked]], message: Message) -> Missed | None:
    for rows, found in lists:
        if entry := rows.with_id(message.id):
            header, key = found.places.header, found.places.id
            named = {name: entry.values[place] for place, name in enumerate(header) if name}
            made = key is not None and fold(header[key]) == MADE_ID and entry.values[key]
            return Missed(
                message,
                {name: value for name, value in named.items() if fold(name) not in _OURS},
                header[found.places.recipient],
                made or str(entry.id),
            )
    return None


def _link(old: Path, new: Path) -> None:
    """Give a file a second name, or copy it where that can't be."""
    if old.exists():
        try:
            os.link(old, new)
        except OSError:
            shutil.copyfile(old, new)
