"""The folder of an office: what lies where, and the lock that all processes of one start hold."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO
from urllib.parse import quote

from cli import output
from cli.errors import Exit, Failure
from config.foreign_words import system_words
from config.texts import _
from sandbox.redis_program import MAX_SOCKET_PATH

_WAIT_SECONDS = 100.0  # longer than workers take to finish their sends
_LOOK_SECONDS = 0.2


class Folder:
    """`path` holds everything: to move or to back up an office is to copy it."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.settings = self.path / "pec.toml"
        self.redis = self.path / "redis"
        self.socket = self.redis / "server.sock"
        self.archive = self.path / "archive"
        self.console = self.path / "console"  # files of campaigns
        self.logs = self.path / "logs"
        self.admin_password = self.path / "admin-password"

    @property
    def redis_url(self) -> str:
        """Return the address of its server: a socket, which other users of the machine can't open."""
        return f"unix://{quote(str(self.socket))}?db=0"

    def make(self) -> None:
        """Make the folder if it is new. Only its user may read it."""
        if len(bytes(self.socket)) > MAX_SOCKET_PATH:
            raise Failure(
                _("the path {path} is too long for a socket: choose a shorter --data").format(path=self.path),
                Exit.USAGE,
            )
        try:
            for folder in (self.path, self.redis, self.logs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(
                _("can't make {path} ({why}): choose another --data").format(
                    path=self.path, why=system_words(error)
                ),
                Exit.USAGE,
            ) from None

    def lock(self) -> IO[str]:
        """Return the locked file. Processes that inherit it hold the lock until the last of them has ended.

        So two servers never write to the same files, not even if `pec up` was killed and is started again at once.
        """
        file = (self.path / "office.lock").open("a+", encoding="utf-8")
        try:
            self._wait_for(file)
        except BaseException:
            file.close()
            raise
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return file

    def _wait_for(self, file: IO[str]) -> None:
        ends = time.monotonic() + _WAIT_SECONDS
        waits = False
        while not _locked(file):
            if holder := _living_holder(file):
                raise Failure(
                    _("the office in {path} runs already (process {pid})").format(path=self.path, pid=holder),
                    Exit.USAGE,
                )
            if time.monotonic() > ends:
                raise Failure(
                    _("processes of an earlier start still use {path}: end them").format(path=self.path),
                    Exit.UNEXPECTED,
                )
            if not waits:
                output.note(_("Waiting for the processes of the last start to end."))
            waits = True
            time.sleep(_LOOK_SECONDS)  # the lock of others has no signal to wait for


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _living_holder(file: IO[str]) -> int:
    """Return the process of the `pec up` that took the lock, or 0 if it was killed."""
    file.seek(0)
    pid = int(file.read().strip() or 0)
    if not pid:
        return 0
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return 0
    except PermissionError:  # of another user
        pass
    return pid
