"""A bundle as one ZIP file: made as a folder beside it, packed file by file, and then removed."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.atomic_files import atomic_write


@contextmanager
def packed(file: Path) -> Iterator[Path]:
    """Yield a folder whose files are packed into `file` at the end, whole or not at all. Raise OSError."""
    with TemporaryDirectory(dir=file.resolve().parent, prefix=".pec-", suffix=".bundle") as temporary:
        folder = Path(temporary) / file.stem
        yield folder
        _pack(folder, file, lambda path: path.relative_to(folder.parent))


def _pack(folder: Path, file: Path, name_of: Callable[[Path], Path]) -> None:
    with atomic_write(file) as opened, zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in _files(folder):
            bundle.write(path, name_of(path))


def _files(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder, a folder at a time: there may be hundreds of thousands."""
    folders = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            folders.append(path)
        else:
            yield path
    for inside in folders:
        yield from _files(inside)
