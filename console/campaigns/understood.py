"""The console's understanding of a list: its columns one by one, and how many rows there are of each kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from producers.campaigns.campaign import Campaign
from producers.campaigns.columns import ERRORS, Columns, fold
from producers.campaigns.row_store import Issue, RowStatus

EXAMPLES = 3
SHOWN = 50
_MAX_EXAMPLE = 80  # characters
RECIPIENT, KEY, OURS = "recipient", "key", "ours"  # roles of columns


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it is for, some of its values, and in how many rows it is filled."""

    name: str
    role: str
    examples: tuple[str, ...]
    filled: int


@dataclass(frozen=True, slots=True)
class Understood:
    """A list. `encoding` and its `samples` are there if they were detected and a person may check them."""

    places: Columns
    columns: tuple[Column, ...]
    rows: int
    good: int
    refused: int
    duplicates: int
    empty_lines: int
    sheet: str | None
    encoding: str
    samples: tuple[str, ...]
    problems: tuple[Issue, ...]
    warnings: tuple[Issue, ...]

    @property
    def names(self) -> list[str]:
        """Return the names of the columns, for placeholders."""
        return [one.name for one in self.columns if one.name and one.role != OURS]


def understood(campaign: Campaign) -> Understood:
    """Return what the rows of a validated list show."""
    rows = campaign.row_store
    judged = [one for name, one in campaign.encodings.items() if one.judged and name != "blank.txt"]
    return Understood(
        places=campaign.renderer.columns,
        columns=_columns(campaign),
        rows=rows.count_rows(),
        good=rows.count(RowStatus.READY),
        refused=rows.count(RowStatus.REFUSED),
        duplicates=rows.count(RowStatus.DUPLICATE),
        empty_lines=campaign.empty_lines,
        sheet=campaign.sheet,
        encoding=judged[0].label if judged else "",
        samples=tuple(judged[0].values) if judged else (),
        problems=tuple(rows.problems(SHOWN)),
        warnings=tuple(rows.warnings(SHOWN)),
    )


def _columns(campaign: Campaign) -> tuple[Column, ...]:
    columns = campaign.renderer.columns
    header = columns.header
    examples: list[dict[str, None]] = [{} for _ in header]
    filled = [0] * len(header)
    for values in campaign.row_store.rows():
        _note(values, examples, filled)
    return tuple(
        Column(name, _role(campaign, place), tuple(examples[place]), filled[place])
        for place, name in enumerate(header)
    )


def _note(values: Sequence[str], examples: list[dict[str, None]], filled: list[int]) -> None:
    for place, value in enumerate(values[: len(filled)]):
        if value:
            filled[place] += 1
            if len(examples[place]) < EXAMPLES:
                examples[place][value[:_MAX_EXAMPLE]] = None


def _role(campaign: Campaign, place: int) -> str:
    columns = campaign.renderer.columns
    if place == columns.recipient:
        return RECIPIENT
    if place == columns.batch or fold(columns.header[place]) in ERRORS:
        return OURS
    return KEY if place == columns.id else ""
