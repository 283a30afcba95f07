"""Judges every row of a campaign: which are sent, under which ids, and which say what another one says already."""

from dataclasses import replace

from config.texts import _
from pec.problems import Problem
from producers.campaigns.naming import made_id, number_of, numbered
from producers.campaigns.renderer import RowRenderer, RowResult
from producers.campaigns.row_store import Entry, RowStatus, RowStore
from producers.campaigns.spreadsheet.rows import Row


class RowValidator:
    """Enters rows into the store of rows, one after the other."""

    def __init__(
        self, renderer: RowRenderer, row_store: RowStore, batch: str, *, one_batch: bool = False
    ) -> None:
        """`one_batch`: the batch was named by the file itself, so that all its rows must name the same."""
        self._renderer, self._row_store = renderer, row_store
        self._batch, self._one_batch = batch, one_batch

    def enter(self, row: Row) -> None:
        values = self._renderer.values(row)
        result = self._with_cells(row, self._of_another_batch(self._renderer.validate(values), values))
        base = made_id(self._batch, result.recipient) if result.recipient else None
        entry = Entry(row.line, values, result.id, result.digest, RowStatus.READY, base=base)
        if result.problems:
            entry = replace(entry, status=RowStatus.REFUSED)
        if base is None:
            self._row_store.add(entry, result)
        elif result.id is None:
            self._enter_with_made_id(entry, result, base)
        else:
            self._enter_with_own_id(replace(entry, number=number_of(base, result.id)), result)

    def _with_cells(self, row: Row, result: RowResult) -> RowResult:
        """Return the result with what is wrong with cells themselves, in place of what follows from it."""
        header = self._renderer.columns.header
        columns = {header[cell.place] for cell in row.unwritten if cell.place < len(header)}
        warnings = (*result.warnings, *self._renderer.rounded(row))
        problems = [problem for problem in result.problems if problem.field not in columns]
        return replace(
            result,
            problems=(*(cell.problem for cell in row.unwritten), *problems),
            warnings=tuple(dict.fromkeys(one for one in warnings if one.field not in columns)),
        )

    def _enter_with_made_id(self, entry: Entry, result: RowResult, base: str) -> None:
        same = self._row_store.with_message(base, entry.digest)
        if same is not None and same.id is not None:
            self._enter_again(replace(entry, id=same.id, number=same.number), result, same)
            return
        number = self._row_store.messages_to(base) + 1
        while self._row_store.with_id(numbered(base, number)):
            number += 1
        self._row_store.add(replace(entry, id=numbered(base, number), number=number), result)

    def _enter_with_own_id(self, entry: Entry, result: RowResult) -> None:
        same = self._row_store.with_id(entry.id or "")
        if same is None:
            self._row_store.add(entry, result)
        elif same.digest == entry.digest:
            self._enter_again(entry, result, same)
        else:
            reason = _(
                "stands on line {line} too, with another message: give each its own, "
                "or turn the column off with --id-column ''"
            ).format(line=same.line)
            problem = Problem(self._renderer.id_name, reason)
            refused = replace(result, problems=(*result.problems, problem))
            self._row_store.add(replace(entry, status=RowStatus.REFUSED, number=None), refused)

    def _enter_again(self, entry: Entry, result: RowResult, same: Entry) -> None:
        """Store a row whose message an earlier row has. If both can be sent, it is a duplicate."""
        if entry.status is RowStatus.READY and same.status is RowStatus.READY:
            entry = replace(entry, status=RowStatus.DUPLICATE, like=same.line)
            result = replace(result, warnings=())
        if entry.status is not RowStatus.READY:
            entry = replace(entry, number=None)
        self._row_store.add(entry, result)

    def _of_another_batch(self, result: RowResult, values: tuple[str, ...]) -> RowResult:
        column = self._renderer.columns.batch
        if not self._one_batch or column is None or values[column] in ("", self._batch):
            return result
        reason = _("is not {name}, as in the first line: import each batch as a file of its own").format(
            name=self._batch
        )
        problem = Problem(self._renderer.columns.header[column], reason)
        return replace(result, problems=(*result.problems, problem))


def warn_of_several(row_store: RowStore, renderer: RowRenderer) -> None:
    """Warn of recipients with several rows, once it is known which rows are sent and which were."""
    for line, first in list(row_store.several()):
        note = _("gets another message by line {line} too: both are sent").format(line=first)
        row_store.warn(line, Problem(renderer.recipient_name, note))
