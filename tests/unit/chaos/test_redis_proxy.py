"""The proxy in front of Redis: as many answers as commands, however the network cuts them."""

import pytest

from tests.chaos.redis_proxy import _Commands

PIPELINE = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$8\r\n\r\n*1\r\n$4\r\n"


@pytest.mark.parametrize("size", range(1, len(PIPELINE) + 1))
def test_commands_are_counted_once_however_they_are_cut(size: int) -> None:
    commands = _Commands()

    ended = [commands.ended(PIPELINE[at : at + size]) for at in range(0, len(PIPELINE), size)]

    assert sum(ended) == 3
    assert not commands.open


def test_a_command_that_came_in_part_is_open() -> None:
    commands = _Commands()

    assert commands.ended(PIPELINE[:10]) == 0
    assert commands.open
