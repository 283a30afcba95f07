"""Options that `pec send` and `pec import` share: fields of the jobs that they enqueue."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.configured_names import ENDPOINT

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--priority", type=click.IntRange(0, 9), help="Higher first. Default: 5."),
    click.option("--not-before", metavar="INSTANT", help="RFC 3339: not sent earlier."),
    click.option("--not-after", metavar="INSTANT", help="RFC 3339: not sent later, but expired."),
    click.option(
        "--webhook", type=ENDPOINT, metavar="NAME", help="An endpoint to notify of this message too."
    ),
    click.option(
        "--no-reference",
        "reference",
        flag_value=False,
        type=bool,
        default=None,
        help="Append no reference to the subject.",
    ),
)


def job_options(command: Command) -> Command:
    """Add the options. Each gives a field of the job, or None if it is not used."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
