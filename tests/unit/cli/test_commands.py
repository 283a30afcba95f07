"""Properties of all commands."""

import tomllib
from inspect import cleandoc
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import COMMANDS, pec

ROOT = Path(__file__).parents[3]

# They print nothing that a program would read; of `completion`, the shell does, and of `token` its own commands.
NOT_DATA = {
    *(
        "pause",
        "resume",
        "proof",
        "report",
        "worker",
        "gateway",
        "sandbox",
        "test-event",
        "health",
        "completion",
    ),
    *("console", "token", "user", "up"),
}


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> click.Command:
    with click.Context(pec) as ctx:
        found = pec.get_command(ctx, request.param)
    assert found is not None
    assert found.name == request.param
    return found


def test_every_help_has_an_example(command: click.Command) -> None:
    lines = cleandoc(command.help or "").splitlines()

    assert any(line.strip().startswith(f"pec {command.name}") for line in lines)


def test_every_command_that_prints_data_can_print_json(command: click.Command) -> None:
    has_json = any("--json" in option.opts for option in command.params)

    assert has_json == (command.name not in NOT_DATA)


def test_the_list_of_commands_shows_the_whole_sentence(command: click.Command) -> None:
    assert not command.get_short_help_str(95).endswith("...")


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert CliRunner().invoke(pec, ["--version"], prog_name="pec").output == f"pec {project['version']}\n"
