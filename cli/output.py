"""How commands print: data on stdout, as JSON, a table or plain columns; everything else on stderr.

Texts for people follow LANG, in a terminal, a pipe and a file alike. JSON is for programs and always English.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import click

from cli.language import translated
from pec.messages import Message
from pec.names import State
from pec.record_json import message_dict

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")

# Columns whose cells are our own words, beside states. The others hold data, which may look like our words.
_WORDED = {
    *("REASON", "WHY", "FROM", "PAUSED", "TIME LEFT", "DISABLED", "REPLAYED"),
    *("VERDICT", "DATE", "LAST MINUTE", "SENT TODAY", "THIS MONTH", "ACCOUNTS", "QUEUES"),
}
# Facts in the words of other people or programs.
_FREE_TEXT = {
    *("subject", "attached", "sheet", "encoding"),
    *("file", "provider", "organisation", "error", "holds (SHA-256)"),
}


def data(fields: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of stdout."""
    click.echo(json.dumps(fields, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """Print a line on stderr."""
    click.echo(translated(text), err=True)


def changed(message: Message, text: str, *, as_json: bool) -> None:
    """Print what a command did to a message; with `as_json`, also the changed message."""
    if as_json:
        data(message_dict(message))
    note(text)


def for_a_person() -> bool:
    """Return whether stdout is a person's terminal rather than a pipe or a file."""
    return sys.stdout.isatty()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Print a table to a terminal, and tab-separated columns, which are never cut, into a pipe or a file."""
    headings = list(map(translated, columns))
    lines = ([_cell(*pair) for pair in zip(columns, row, strict=False)] for row in rows)
    if not sys.stdout.isatty():
        for line in chain([headings], lines):
            click.echo("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in line))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*headings, title=title and translated(title), box=SIMPLE_HEAD, title_justify="left")
    for line in lines:
        # as Text, because data may look like markup
        drawn.add_row(*(Text(cell, overflow="fold") for cell in line))
    Console().print(drawn)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values, a pair a line, without those that are None."""
    known = [(translated(name), _fact(name, value)) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        click.echo(f"{name:<{width}}  {value}")


def _fact(name: str, value: object) -> str:
    """Return a fact with sentences and states translated; an address's fact is its recipient's state."""
    written = _written(value)
    is_sentence = name in ("why", "verdict") or (" " in written and name not in _FREE_TEXT)
    ours = isinstance(value, State) or "@" in name or is_sentence
    return translated(written) if ours else written


def _cell(column: str, value: object) -> str:
    written = _written(value)
    return translated(written) if isinstance(value, State) or column in _WORDED else written


def _written(value: object) -> str:
    return "" if value is None else str(value)
