"""A folder as the place of the archive: whole files only, on disk before they count."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from archive.vault.errors import VaultAway

PRIVATE_FOLDER = 0o700
CHUNK_BYTES = 1_000_000
UNFINISHED = ".unfinished"
ABANDONED_SECONDS = 86_400.0  # by then the writer of an unfinished file was killed
_CAUSES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "over_quota",
    errno.EROFS: "read_only",
    errno.EACCES: "not_permitted",
    errno.EPERM: "not_permitted",
    errno.ENOENT: "no_folder",
    errno.ENOTDIR: "no_directory",
}
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


class Folder:
    """Files below one folder. Names are relative paths with `/`. Raises VaultAway if the system refuses."""

    can_vanish = True

    def __init__(self, root: Path) -> None:
        self._root = root

    def __str__(self) -> str:
        return str(self._root)

    def put_new(self, name: str, data: bytes) -> bool:
        """Write a file that is not there yet. Return False, and change nothing, if it is there."""
        return self._write(name, data, replace=False)

    def overwrite(self, name: str, data: bytes) -> None:
        self._write(name, data, replace=True)

    def chunks(self, name: str) -> Iterator[bytes] | None:
        """Return the bytes of a file in order, or None if there is none."""
        try:
            file = (self._root / name).open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._away(error) from None
        return self._chunks(file)

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        with file:
            try:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
            except OSError as error:
                raise self._away(error) from None

    def delete(self, name: str) -> None:
        try:
            (self._root / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._away(error) from None

    def written_since(self, at: float, suffix: str) -> Iterator[str]:
        """Yield the names with this end of files that were written at that time or later."""
        try:
            for path in sorted(self._root.glob(f"??/*{suffix}")):
                if path.stat().st_mtime >= at:
                    yield path.relative_to(self._root).as_posix()
        except OSError as error:
            raise self._away(error) from None

    def remove_unfinished(self) -> None:
        """Remove the files that killed writers left unfinished."""
        until = time.time() - ABANDONED_SECONDS
        try:
            for file in (self._root / UNFINISHED).glob("*"):
                with suppress(FileNotFoundError):  # another worker was faster
                    if file.stat().st_mtime < until:
                        file.unlink()
        except OSError as error:
            raise self._away(error) from None

    def _write(self, name: str, data: bytes, *, replace: bool) -> bool:
        path, unfinished = self._root / name, self._root / UNFINISHED
        try:
            self._make(path.parent)
            self._make(unfinished)
            descriptor, temporary = mkstemp(dir=unfinished)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(descriptor)
                written = _rename(temporary, path) if replace else _link(temporary, path)
            finally:
                with suppress(FileNotFoundError):
                    Path(temporary).unlink()
            _sync(path.parent)
        except OSError as error:
            raise self._away(error) from None
        return written

    def _make(self, folder: Path) -> None:
        """Make the folders down to this one, each on disk. The folder above the archive must be there."""
        if folder.is_dir():
            return
        if folder != self._root:
            self._make(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(PRIVATE_FOLDER)
            _sync(folder.parent)

    def _away(self, error: OSError) -> VaultAway:
        cause = _CAUSES.get(error.errno or 0, "disk")
        return VaultAway(cause, place=str(self._root), why=error.strerror or str(error))


def _rename(temporary: str, path: Path) -> bool:
    Path(temporary).replace(path)
    return True


def _link(temporary: str, path: Path) -> bool:
    """Give the file its name unless that is taken, in one step if the file system has links."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return not path.exists() and _rename(temporary, path)
    return True


def _sync(folder: Path) -> None:
    """Bring a folder's entries to disk. Some file systems of networks do so unasked, and refuse this."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
