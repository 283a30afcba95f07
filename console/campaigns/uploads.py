"""Files that a person uploads: copied in pieces, bounded, and under names that lead nowhere else."""

import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from tempfile import TemporaryDirectory
from typing import IO
from unicodedata import normalize

from archive.atomic_files import atomic_write
from archive.portable_names import folded, portable_name
from config.texts import _, ngettext
from console.campaigns.draft import MAX_FILES, MAX_FILES_BYTES
from console.campaigns.room import require_room
from pec.operations.refusals import Refused

MAX_DIRECTORY_BYTES = 32 << 20  # of a ZIP, which is read as a whole: 300 for each file
_CHUNK = 1 << 20
_ZIP = b"PK"
_NOT_UNPACKED = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError),
    *(EOFError, OSError, ValueError),
)
_NOT_FILES = ("__MACOSX", ".DS_Store", "Thumbs.db")  # what desktops put into a ZIP


def base_name(name: str | None) -> str:
    """Return the last part of a name that a browser gave, as every system bears it."""
    return portable_name(normalize("NFC", PureWindowsPath(name or "").name)) or "file"


def store(source: IO[bytes], place: Path, limit: int) -> int:
    """Copy an upload and return its size. Raise Refused if it is larger than the limit or the disk's room, or empty.

    A file that a refused one was to replace stays.
    """
    size = 0
    with atomic_write(place) as file:
        while piece := source.read(_CHUNK):
            size += len(piece)
            if size > limit:
                raise _too_large(place.name, limit)
            require_room(place.parent, len(piece))
            file.write(piece)
        if not size:
            raise Refused(
                "empty_file", _("{name} is empty (0 bytes): choose another file").format(name=place.name)
            )
    return size


def add_files(source: IO[bytes], name: str, folder: Path) -> list[str]:
    """Put an upload, or every file of an uploaded ZIP, into the folder that rows name files of. Return the names.

    Raise Refused, before anything is there that was not there before.
    """
    if source.read(len(_ZIP)) == _ZIP and name.lower().endswith(".zip"):
        return _unpacked(source, name, folder)
    source.seek(0)
    used, count = used_by(folder)
    if count >= MAX_FILES and not (folder / name).exists():
        raise _too_many()
    store(source, folder / name, MAX_FILES_BYTES - used)
    return [name]


def used_by(folder: Path) -> tuple[int, int]:
    """Return the bytes and the number of a campaign's files."""
    sizes = [one.stat().st_size for one in os.scandir(folder)]
    return sum(sizes), len(sizes)


class _Bounded:
    """A ZIP, of which no more is read at once than its directory may have. Raise Refused."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.seek, self.tell, self.seekable = source.seek, source.tell, source.seekable

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise _too_many()
        return self._source.read(size)


def _unpacked(source: IO[bytes], name: str, folder: Path) -> list[str]:
    try:
        source.seek(0)
        with zipfile.ZipFile(_Bounded(source)) as archive:
            members = list(_members(archive))
            _check(name, members, folder)
            with TemporaryDirectory(dir=folder.parent) as part:
                for own, member in members:
                    with archive.open(member) as inside:
                        _write(inside, Path(part) / own, member)
                for own, _member in members:
                    (Path(part) / own).replace(folder / own)
            return [own for own, _member in members]
    except _NOT_UNPACKED as error:
        raise Refused(
            "bad_zip",
            _("{name} can't be unpacked ({why}): make the ZIP again, without a password").format(
                name=name, why=error
            ),
        ) from None


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Yield files with the name that rows give them: folders inside of the ZIP don't count."""
    for one in archive.infolist():
        parts = PureWindowsPath(one.filename).parts
        if one.is_dir() or not parts or parts[0] in _NOT_FILES or parts[-1] in _NOT_FILES:
            continue
        yield base_name(one.filename), one


def _check(name: str, members: list[tuple[str, zipfile.ZipInfo]], folder: Path) -> None:
    """Raise Refused for a ZIP that has no file, too many, too much, or two of one name."""
    if not members:
        raise Refused("empty_zip", _("{name} has no file in it: choose another ZIP").format(name=name))
    seen: dict[str, str] = {}
    for own, member in members:
        if (other := seen.setdefault(folded(own), member.filename)) != member.filename:
            raise Refused(
                "same_name",
                _("{name} has two files of one name ({one}, {other}): rename one of them").format(
                    name=name, one=other, other=member.filename
                ),
            )
    used, count = used_by(folder)
    if count + len(members) > MAX_FILES:
        raise _too_many()
    wanted = sum(member.file_size for _own, member in members)
    if used + wanted > MAX_FILES_BYTES:
        raise _too_large(name, MAX_FILES_BYTES)
    require_room(folder, wanted)


def _write(inside: IO[bytes], place: Path, member: zipfile.ZipInfo) -> None:
    """Copy a file out of a ZIP, and no more of it than the ZIP states."""
    left = member.file_size
    with atomic_write(place) as file:
        while piece := inside.read(min(_CHUNK, left + 1)):
            left -= len(piece)
            if left < 0:
                raise zipfile.BadZipFile(member.filename)
            file.write(piece)


def _too_large(name: str, limit: int) -> Refused:
    return Refused(
        "too_large",
        _("{name} is larger than the {limit} MB that are left for it: choose a smaller file").format(
            name=name, limit=max(0, limit) // 1_000_000
        ),
    )


def _too_many() -> Refused:
    return Refused(
        "too_many_files",
        ngettext(
            "a campaign holds at most {count} file: put several into one PDF",
            "a campaign holds at most {count} files: put several into one PDF",
            MAX_FILES,
        ).format(count=MAX_FILES),
    )
