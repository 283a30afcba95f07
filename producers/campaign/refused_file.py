"""Writes the refused rows as a file that Excel in Italy opens, to be mended and imported."""

import csv
from pathlib import Path

from producers.campaign.columns import BATCH, ERRORS, Columns, fold
from producers.campaign.ledger import Entry, Fate, Ledger

_OURS = (BATCH, ERRORS)


def write_refused(path: Path, ledger: Ledger, columns: Columns, batch: str) -> None:
    """Raises OSError.

    Ids and batch are written too, so that a row mended here is the message that it would be if mended in the
    first file. A row whose recipient is wrong has no id yet: it is made of the right one.
    """
    kept = [place for place, name in enumerate(columns.header) if fold(name) not in _OURS]
    names = [columns.header[place] for place in kept] + ([] if columns.id is not None else ["id"])
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([*names, *_OURS])
        for entry in ledger.entries(Fate.REFUSED):
            values = [_value(entry, place, columns) for place in kept]
            values += [] if columns.id is not None else [entry.id or ""]
            beyond = entry.values[len(columns.header) :]
            writer.writerow([*values, batch, _errors(ledger, entry), *beyond])


def _value(entry: Entry, place: int, columns: Columns) -> str:
    return entry.values[place] or (entry.id or "" if place == columns.id else "")


def _errors(ledger: Ledger, entry: Entry) -> str:
    said = "; ".join(f"{problem.field}: {problem.reason}" for problem in ledger.problems_of(entry.line))
    return f"line {entry.line}: {said}"
