"""Files that are written whole or not at all, and readable by their owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOTDIR
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from config.texts import _

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Write a file that takes the place of `path` once it is complete. Raise OSError, which names `path`."""
    try:
        descriptor, temporary = mkstemp(dir=path.parent, prefix=".pec-", suffix=".part")
    except OSError as error:
        raise _of(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, PRIVATE_FILE)
            yield file
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise error if error.filename not in (None, temporary) else _of(path, error) from None
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def make_folder(path: Path) -> Path:
    """Make a real folder. Raise OSError if a link or a file stands in its place."""
    try:
        path.mkdir(PRIVATE_FOLDER)
        path.chmod(PRIVATE_FOLDER)  # whatever the umask
    except FileExistsError:
        if path.is_symlink() or not path.is_dir():
            raise NotADirectoryError(
                ENOTDIR, _("a link or a file stands where a folder must be"), str(path)
            ) from None
    return path


def _of(path: Path, error: OSError) -> OSError:
    return OSError(error.errno, error.strerror, str(path))
