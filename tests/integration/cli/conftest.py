"""The command line in this process, against a real server."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cli import run
from producers import Producer
from tests.integration.producers import conftest as producing

producer, store = producing.producer, producing.store
take_jobs, change = producing.take_jobs, producing.change


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Of --json."""
        return [json.loads(line) for line in self.out.splitlines()]


Pec = Callable[..., Ran]


@pytest.fixture
def pec(
    producer: Producer, redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Pec:
    monkeypatch.setenv("PEC_REDIS_URL", redis_url)

    def ran(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran
