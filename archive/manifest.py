"""`SHA256SUMS` as `sha256sum -c` reads it: which files a folder holds, and what is in them."""

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from archive.atomic_files import atomic_write

NAME = "SHA256SUMS"
_LINE = re.compile(rb"(\\?)([0-9a-f]{64}) [ *](.+)")
_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_UNESCAPES = {escape: plain for plain, escape in _ESCAPES.items()}


class NotAManifest(Exception):
    """A line of the file is no checksum, so another program wrote it."""


class Manifest:
    """The list of checksums: new ones beside those listed before, kept in a file, not in memory."""

    def __init__(self, folder: Path) -> None:
        """Read the manifest. Raise NotAManifest or OSError."""
        self._folder = folder
        for _ in self.listed():  # so that a bad one is reported before there is work to lose
            pass
        self._sums = sqlite3.connect("")  # a private temporary file
        self._sums.execute("CREATE TABLE sums (path BLOB PRIMARY KEY, sha256 TEXT) WITHOUT ROWID")

    def add(self, path: Path, sha256: str) -> None:
        self._set(path, sha256)

    def drop(self, path: Path) -> None:
        """Forget a file that was deleted."""
        self._set(path, None)

    def write(self) -> None:
        """Write the lines, sorted by path. Files that were listed before and not written now stay listed."""
        self._sums.executemany("INSERT OR IGNORE INTO sums VALUES (?, ?)", self.listed())
        found = self._sums.execute("SELECT path, sha256 FROM sums WHERE sha256 IS NOT NULL ORDER BY path")
        with atomic_write(self._folder / NAME) as file:
            for path, sha256 in found:
                file.write(_line(path, sha256))

    def close(self) -> None:
        self._sums.close()

    def _set(self, path: Path, sha256: str | None) -> None:
        relative = os.fsencode(path.relative_to(self._folder).as_posix())
        self._sums.execute("INSERT OR REPLACE INTO sums VALUES (?, ?)", (relative, sha256))

    def listed(self) -> Iterator[tuple[bytes, str]]:
        """Yield what the file lists: paths and sums."""
        try:
            with (self._folder / NAME).open("rb") as file:
                yield from (self._read(line.removesuffix(b"\n")) for line in file)
        except FileNotFoundError:
            return

    def _read(self, line: bytes) -> tuple[bytes, str]:
        found = _LINE.fullmatch(line)
        if not found:
            raise NotAManifest(str(self._folder / NAME))
        escaped, sha256, path = found.groups()
        return (_unescape(path) if escaped else path), sha256.decode()


def faults(folder: Path) -> Iterator[str]:
    """Yield the files of the list that are missing or changed. Raise NotAManifest or OSError."""
    with closing(Manifest(folder)) as manifest:
        for path, digest in manifest.listed():
            file = folder / os.fsdecode(path)
            if not file.is_file() or sum_of(file) != digest:
                yield os.fsdecode(path)


def sum_of(file: Path) -> str:
    """Return the SHA-256 of a file, however large."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _line(path: bytes, sha256: str) -> bytes:
    escaped = re.sub(rb"[\\\n\r]", lambda found: _ESCAPES[found[0]], path)
    mark = b"\\" if escaped != path else b""
    return mark + sha256.encode() + b"  " + escaped + b"\n"


def _unescape(path: bytes) -> bytes:
    return re.sub(rb"\\[\\nr]", lambda found: _UNESCAPES[found[0]], path)
