"""Judges every row of a campaign: which are sent, under which ids, and which say what another one says already."""

from dataclasses import replace

from config.texts import _
from pec.problems import Problem
from producers.campaigns.naming import made_id, number_of, numbered
from producers.campaigns.renderer import RowRenderer, RowResult
from producers.campaigns.row_store import Entry, RowStatus, RowStore
from producers.campaigns.rows import Row


class RowValidator:
    """Enters rows into a ledger, one after the other."""

    def __init__(
        self, letters: RowRenderer, ledger: RowStore, batch: str, *, one_batch: bool = False
    ) -> None:
        """`one_batch`: the batch was named by the file itself, so that all its rows must name the same."""
        self._letters, self._ledger = letters, ledger
        self._batch, self._one_batch = batch, one_batch

    def enter(self, row: Row) -> None:
        values = self._letters.values(row)
        verdict = self._with_cells(row, self._of_another_batch(self._letters.validate(values), values))
        base = made_id(self._batch, verdict.recipient) if verdict.recipient else None
        entry = Entry(row.line, values, verdict.id, verdict.digest, RowStatus.READY, base=base)
        if verdict.problems:
            entry = replace(entry, status=RowStatus.REFUSED)
        if base is None:
            self._ledger.add(entry, verdict)
        elif verdict.id is None:
            self._enter_with_made_id(entry, verdict, base)
        else:
            self._enter_with_own_id(replace(entry, number=number_of(base, verdict.id)), verdict)

    def _with_cells(self, row: Row, verdict: RowResult) -> RowResult:
        """Return the verdict with what is wrong with cells themselves, in place of what follows from it."""
        header = self._letters.columns.header
        columns = {header[cell.place] for cell in row.unwritten if cell.place < len(header)}
        warnings = (*verdict.warnings, *self._letters.rounded(row))
        problems = [problem for problem in verdict.problems if problem.field not in columns]
        return replace(
            verdict,
            problems=(*(cell.problem for cell in row.unwritten), *problems),
            warnings=tuple(dict.fromkeys(one for one in warnings if one.field not in columns)),
        )

    def _enter_with_made_id(self, entry: Entry, verdict: RowResult, base: str) -> None:
        same = self._ledger.with_message(base, entry.digest)
        if same is not None and same.id is not None:
            self._enter_again(replace(entry, id=same.id, number=same.number), verdict, same)
            return
        number = self._ledger.messages_to(base) + 1
        while self._ledger.with_id(numbered(base, number)):
            number += 1
        self._ledger.add(replace(entry, id=numbered(base, number), number=number), verdict)

    def _enter_with_own_id(self, entry: Entry, verdict: RowResult) -> None:
        same = self._ledger.with_id(entry.id or "")
        if same is None:
            self._ledger.add(entry, verdict)
        elif same.digest == entry.digest:
            self._enter_again(entry, verdict, same)
        else:
            reason = _(
                "stands on line {count} too, with another message: give each its own, "
                "or turn the column off with --id-column ''"
            ).format(count=same.line)
            problem = Problem(self._letters.id_name, reason)
            refused = replace(verdict, problems=(*verdict.problems, problem))
            self._ledger.add(replace(entry, status=RowStatus.REFUSED, number=None), refused)

    def _enter_again(self, entry: Entry, verdict: RowResult, same: Entry) -> None:
        """Store a row whose message an earlier row has. If both can be sent, it is a double."""
        if entry.status is RowStatus.READY and same.status is RowStatus.READY:
            entry = replace(entry, status=RowStatus.DOUBLE, like=same.line)
            verdict = replace(verdict, warnings=())
        if entry.status is not RowStatus.READY:
            entry = replace(entry, number=None)
        self._ledger.add(entry, verdict)

    def _of_another_batch(self, verdict: RowResult, values: tuple[str, ...]) -> RowResult:
        column = self._letters.columns.batch
        if not self._one_batch or column is None or values[column] in ("", self._batch):
            return verdict
        reason = _("is not {name}, as in the first line: import each batch as a file of its own").format(
            name=self._batch
        )
        problem = Problem(self._letters.columns.header[column], reason)
        return replace(verdict, problems=(*verdict.problems, problem))


def warn_of_several(ledger: RowStore, letters: RowRenderer) -> None:
    """Warn of recipients with several rows, once it is known which rows are sent and which were."""
    for line, first in list(ledger.several()):
        note = _("gets another message by line {count} too: both are sent").format(count=first)
        ledger.warn(line, Problem(letters.recipient_name, note))
