"""The result of a command of `pec`, run in this process by the fixture `pec`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ran:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """Return the objects that `--json` printed."""
        return [json.loads(line) for line in self.out.splitlines()]


Pec = Callable[..., Ran]
