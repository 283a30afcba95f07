"""The command, for what `pec doctor` shows of its checks."""

from tests.integration.cli import conftest as commands

pec, producer, store = commands.pec, commands.producer, commands.store
