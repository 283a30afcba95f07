"""How commands print: data on stdout, as JSON, a table or plain columns; everything else on stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


def data(fields: Mapping[str, Any]) -> None:
    """One JSON object on a line of stdout."""
    click.echo(json.dumps(fields, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """A line on stderr."""
    click.echo(text, err=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """For a person's terminal a table; for a pipe tab-separated columns, which are never cut."""
    written = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for line in [columns, *written]:
            click.echo("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in line))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*columns, title=title, box=SIMPLE_HEAD, title_justify="left")
    for line in written:
        drawn.add_row(*(Text(cell) for cell in line))  # as Text, because data may look like markup
    Console().print(drawn)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values, a pair a line; what is None is left out."""
    known = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        click.echo(f"{name:<{width}}  {value}")
