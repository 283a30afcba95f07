"""The options of `pec import`: rows, states, and which options go together."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from cli.state_name import state_named
from config.texts import _
from pec.attempts import SENDABLE_AGAIN
from pec.names import State
from producers.campaigns.campaign import ImportRequest
from producers.campaigns.errors import Misused

_STATES = ", ".join(SENDABLE_AGAIN)
_REQUEST = {one.name for one in fields(ImportRequest)}


def states_again(ctx: click.Context, param: click.Parameter, value: str | None) -> frozenset[State]:
    """Return the states of `refused,undelivered`. Raise BadParameter."""
    named = {state_named(name) for name in (value or "").split(",") if name.strip()}
    states = frozenset(state for state in named if state is not None)
    if value is not None and (not states or states != named or not states <= set(SENDABLE_AGAIN)):
        raise click.BadParameter(
            _("{value} is no list of states: choose from {names}").format(value=value, names=_STATES)
        )
    return states


def row_numbers(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Return the numbers of `1,17,400`. Raise BadParameter."""
    if value is None:
        return ()
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and int(part) for part in parts):
        raise click.BadParameter(
            _("{value} is no list of rows: count them below the header, as in 1,17,400").format(value=value)
        )
    return tuple(map(int, parts))


def import_request(account: str, given: dict[str, Any]) -> ImportRequest:
    """Return the request. Options that are no fields of it are fields of every job."""
    stated = {name: value for name, value in given.items() if name not in _REQUEST and value is not None}
    own = {name: value for name, value in given.items() if name in _REQUEST}
    return ImportRequest(stated={"account": account, **stated}, **own)


def check_options(
    *,
    dry_run: bool,
    shown: Sequence[int],
    test_to: str | None,
    rows: Sequence[int],
    again: Collection[State],
) -> None:
    """Raise UsageError for options that need each other, or exclude each other."""
    if shown and not dry_run:
        raise click.UsageError(_("--show: only a dry run shows letters: add --dry-run"))
    if rows and test_to is None:
        raise click.UsageError(_("--rows: says which rows are sent as a test: add --test-to ADDRESS"))
    if test_to is not None and dry_run:
        raise click.UsageError(_("--test-to sends, and --dry-run sends nothing: choose one"))
    if test_to is not None and again:
        raise click.UsageError(_("--test-to sends nothing to recipients, and --again does: choose one"))


def check_new_file(refused: Path | None, request: ImportRequest) -> None:
    """Raise UsageError if the file of refused lines would overwrite one that is read."""
    read = (request.file, request.body, *request.attach)
    if refused and refused.resolve() in {path.resolve() for path in read}:
        raise click.UsageError(_("--refused: would overwrite a file that is read: name another one"))


@contextmanager
def usage_errors() -> Iterator[None]:
    """Raise UsageError for an option or a template that names what is not there."""
    try:
        yield
    except Misused as error:
        raise click.UsageError(str(error)) from None
