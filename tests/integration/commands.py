"""What a command of `pec` came to, run in this process by the fixture `pec`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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
