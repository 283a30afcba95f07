<<<<<<< HEAD
"""The result of a command of `pec`, run in this process by the fixture `pec`."""
=======
"""Hold the result of a command of `pec` that the fixture `pec` runs in this process."""
>>>>>>> fee958d (Add pec verify: judge signed receipts without Redis)

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ran:
<<<<<<< HEAD
    """The result of a command."""
=======
    """The exit code and the output of a command."""
>>>>>>> fee958d (Add pec verify: judge signed receipts without Redis)

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
<<<<<<< HEAD
        """Return the objects that `--json` printed."""
=======
        """Return what each line of `--json` holds."""
>>>>>>> fee958d (Add pec verify: judge signed receipts without Redis)
        return [json.loads(line) for line in self.out.splitlines()]


Pec = Callable[..., Ran]
