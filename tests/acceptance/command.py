"""The command `pec` for tests: as a process of its own, or in the test's by the fixture `command`."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.integration.commands import Ran

Command = Callable[..., Ran]

ROOT = Path(__file__).parents[2]
PEC = [sys.executable, "-m", "cli"]
PATIENCE_SECONDS = 60


def read_all(descriptor: int) -> str:
    shown, until = b"", time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:  # Linux's way of saying that the other side was closed
            break
        if not piece:
            break
        shown += piece
    os.close(descriptor)
    return shown.decode()
