"""Options that `pec send` and `pec import` share: fields of the jobs that they enqueue."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.configured_names import ENDPOINT

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--priority", type=click.IntRange(0, 9), help="Messages with a higher priority go first. Default: 5."
    ),
    click.option("--not-before", metavar="INSTANT", help="Do not send before this time (RFC 3339)."),
    click.option(
        "--not-after", metavar="INSTANT", help="Do not send after this time (RFC 3339): the message expires."
    ),
    click.option(
        "--webhook",
        type=ENDPOINT,
        metavar="NAME",
        help="An endpoint that receives the events of this message too.",
    ),
    click.option(
        "--no-reference",
        "reference",
        flag_value=False,
        type=bool,
        default=None,
        help="Do not add a reference to the subject.",
    ),
)


def job_options(command: Command) -> Command:
    """Add the options. Each gives a field of the job, or None if it is not used."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
