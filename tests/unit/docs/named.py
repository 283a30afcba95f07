"""The commands and settings that a page names, and what is wrong with them."""

import re
import shlex
from collections.abc import Iterator

import click

from cli import pec
from config.settings import Settings
from config.sources import variables
from console.__main__ import main as console_command
from sandbox.__main__ import main as sandbox_command
from tests.unit.docs.pages import blocks, spans

OWN_OPTIONS = {"console": console_command, "sandbox": sandbox_command}  # they pass their arguments on
_OTHER_VARIABLES = {"PEC_CONFIG", "PEC_SITES"}  # the second as one JSON object
_ANY_NAME = re.compile(r"(PEC_(?:ACCOUNTS|SITES)__)(?:<NAME>|[A-Z0-9]+)(__)")


def command_lines(page: str) -> Iterator[str]:
    """Each `pec …` of its prose and of its shell examples."""
    lines = [line.strip() for block in blocks(page, "sh") for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in re.split(r"&&|\||\s#\s", line)]
    for text in (*spans(page), *parts):
        command = re.sub(r"^(\.venv/bin/|docker compose exec worker )", "", text)
        if re.match(r"pec( |$)", command):
            yield command


def unknown_in(line: str) -> list[str]:
    """Return the parts of the command line that do not exist: the command, or its options."""
    words = shlex.split(line)
    with click.Context(pec) as ctx:
        if len(words) == 1 or words[1].startswith("-"):
            options = {name for option in pec.get_params(ctx) for name in option.opts}
            return [word for word in words[1:] if word not in options]
        try:
            command = pec.get_command(ctx, words[1])
        except click.UsageError as error:
            return [error.message]
        assert command is not None
        command = OWN_OPTIONS.get(words[1], command)
        if isinstance(command, click.Group) and len(words) > 2:
            if words[2] not in command.commands:
                return [words[2]]
            command = command.commands[words[2]]
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    return [word for word in words[2:] if word.startswith("-") and word not in {*known, "--help"}]


def settings_in(page: str) -> set[str]:
    """Every name that begins as our settings do; accounts by any name."""
    found = re.findall(r"\bPEC_[A-Z0-9_<>]+", page)
    return {_ANY_NAME.sub(r"\1<NAME>\2", name) for name in found if not name.startswith("PEC_SANDBOX_")}


def known_settings() -> set[str]:
    names = {name for name, _ in variables(Settings)}
    return {*names, *(f"{name}_FILE" for name in names), *_OTHER_VARIABLES}
