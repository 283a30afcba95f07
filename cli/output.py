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
from pec.record_json import message_dict

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


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
    lines = (list(map(_written, row)) for row in rows)
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
    known = [(translated(name), _written(value)) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        click.echo(f"{name:<{width}}  {value}")


def _written(value: object) -> str:
    """Return a value as people read it: texts and states are translated, data is unchanged."""
    return "" if value is None else translated(value) if isinstance(value, str) else str(value)
