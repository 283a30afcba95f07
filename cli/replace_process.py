"""How programs of other packages, which are not imported here, are run: beside this process or in place of it."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

_ROOT = Path(__file__).parents[1]


def module_command(package: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs the package, in `module_environment`."""
    return [sys.executable, "-P", "-m", package, *arguments]


def module_environment() -> dict[str, str]:
    """Return this process's environment, in which a package of ours is found.

    `-P` and PYTHONPATH keep a folder `config` or `workers` where the user stands from being imported instead.
    """
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def replace_process(package: str, arguments: Sequence[str]) -> NoReturn:
    """Run the package in place of this process."""
    os.execve(sys.executable, module_command(package, arguments), module_environment())  # noqa: S606 - no shell, our own module
