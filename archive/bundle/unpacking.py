"""Unpacks a bundle that is a ZIP file, to judge what it holds."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from config.texts import _

SUFFIX = ".zip"
MAX_EXPANSION = 100  # times the file's size: a bundle grows to less than 10 times, a bomb to 1,000 times
SMALL_BYTES = 100_000_000  # which is no harm, whatever it was packed into


class NotAZip(Exception):
    """The file can't be unpacked, or must not be. The message says why."""


@contextmanager
def unpacked(place: Path) -> Iterator[Path]:
    """Yield the folder of a ZIP file, unpacked for a while; other places unchanged. Raise NotAZip or OSError."""
    if place.is_dir() or place.suffix.lower() != SUFFIX:
        yield place
        return
    with TemporaryDirectory(prefix="pec-verify-") as temporary:
        try:
            with zipfile.ZipFile(place) as packed:
                _refuse_a_bomb(place, packed)
                packed.extractall(temporary)  # which leads no name out of the folder
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
            raise NotAZip(str(error)) from None
        inside = list(Path(temporary).iterdir())
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else Path(temporary)


def _refuse_a_bomb(place: Path, packed: zipfile.ZipFile) -> None:
    """Raise NotAZip if what is packed would fill a disk. No file unpacks to more than its entry states."""
    size = sum(one.file_size for one in packed.infolist())
    if size > max(SMALL_BYTES, MAX_EXPANSION * place.stat().st_size):
        raise NotAZip(_("it would grow to {size} MB").format(size=f"{size / 1e6:,.0f}"))
