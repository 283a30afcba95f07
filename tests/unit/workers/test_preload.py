"""Worker processes share modules: their master imports them first, and can be forked afterwards."""

import subprocess
import sys

STATE = """
import gc, sys, threading
from pathlib import Path
from workers.preload import preload

preload()
files = [file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
sockets = [file for file in files if str(file).startswith("socket:")]
print("workers.tasks.send" in sys.modules, gc.get_freeze_count() > 10_000, threading.active_count(), len(sockets))
"""


def test_the_master_imports_the_tasks_without_a_thread_or_a_connection() -> None:
    command = [sys.executable, "-c", STATE]
    shown = subprocess.run(
        command, env={"PATH": ""}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )

    assert shown.stdout.split() == ["True", "True", "1", "0"]
