"""The folder of each message inside the folder of proof: a different one for each, on every file system."""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from archive import manifest
from archive.portable_names import folded, portable_name

_NOBODY = b"/"  # holds the name of a file or link, into which nothing may be written


class FolderNames:
    """The names that are taken. They are kept in a file, not in memory: there may be a million."""

    def __init__(self, folder: Path, reserved: Iterable[str] = ()) -> None:
        """Open the file of names. Raise OSError."""
        self._names = sqlite3.connect("")  # a private temporary file
        self._names.execute("CREATE TABLE names (folded BLOB PRIMARY KEY, name BLOB) WITHOUT ROWID")
        for name in (manifest.NAME, *reserved):
            self._take(name, _NOBODY)
        with os.scandir(folder) as entries:
            for entry in entries:
                self._take(
                    entry.name, os.fsencode(entry.name) if entry.is_dir(follow_symlinks=False) else _NOBODY
                )

    def name_of(self, message_id: str) -> str:
        """Return the same name each time. `INV-1` is `INV-1~2` beside `inv-1`: Windows takes them for one."""
        base = portable_name(message_id)
        name, number = base, 1
        while self._taken_by(name) not in (None, os.fsencode(name)):
            number += 1
            name = f"{base}~{number}"  # no id has a `~`
        self._take(name, os.fsencode(name))
        return name

    def close(self) -> None:
        self._names.close()

    def _take(self, name: str, holder: bytes) -> None:
        self._names.execute("INSERT OR IGNORE INTO names VALUES (?, ?)", (_key(name), holder))

    def _taken_by(self, name: str) -> bytes | None:
        found = self._names.execute("SELECT name FROM names WHERE folded = ?", (_key(name),)).fetchone()
        return bytes(found[0]) if found else None


def _key(name: str) -> bytes:
    return folded(name).encode("utf-8", "surrogatepass")
