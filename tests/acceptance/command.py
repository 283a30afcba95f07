"""The command `pec` as a process of its own, for tests."""

import os
import sys
import time
from pathlib import Path

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
