"""Properties of all commands."""

from inspect import cleandoc

import click
import pytest

from cli import COMMANDS, pec

# They print nothing that a program would read; of `completion`, the shell does.
NOT_DATA = {"pause", "resume", "report", "worker", "sandbox", "health", "completion"}


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
