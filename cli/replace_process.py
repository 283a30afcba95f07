"""How this process becomes a program of another package, which is not imported here."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

_ROOT = Path(__file__).parents[1]


def replace_process(package: str, arguments: Sequence[str]) -> NoReturn:
    """Run the package in place of this process.

    `-P` and PYTHONPATH keep a folder `config` or `workers` where the user stands from being imported instead.
    """
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", "-m", package, *arguments]
    os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": path})  # noqa: S606 - no shell, our own module
