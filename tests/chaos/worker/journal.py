"""The notes of a worker, and the named points at which it dies if they are armed."""

import json
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["CHAOS_FOLDER"])
MACHINE = os.environ["CHAOS_MACHINE"]

mine = threading.local()
_JOURNAL = os.open(FOLDER / "journal.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def note(**what: Any) -> None:
    """One line of the journal, whole or not at all, and there when the process dies."""
    line = {"at": time.clock_gettime(time.CLOCK_MONOTONIC), "machine": MACHINE, "pid": os.getpid(), **what}
    os.write(_JOURNAL, json.dumps(line).encode() + b"\n")


def hit(point: str) -> None:
    """Dies here, if the point is armed."""
    armed = FOLDER / "armed" / point
    if armed.exists():
        with suppress(FileNotFoundError):  # another thread or process was first
            armed.unlink()
            note(killed=point, message=getattr(mine, "message", None))
            os.kill(os.getpid(), signal.SIGKILL)


def is_on(fault: str) -> bool:
    """Return whether workers are to meet this fault now."""
    return (FOLDER / "faults" / fault).exists()
