"""`--rows` and `--show`: rows named by their numbers below the header."""

import click

from config.texts import _


def row_numbers(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Return the numbers of `1,17,400`. Raises BadParameter."""
    if value is None:
        return ()
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and int(part) for part in parts):
        raise click.BadParameter(
            _("{value} is no list of rows: count them below the header, as in 1,17,400").format(value=value)
        )
    return tuple(map(int, parts))
