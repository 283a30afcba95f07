"""Unpacks a bundle that is a ZIP file, to judge what it holds."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

SUFFIX = ".zip"


class NotAZip(Exception):
    """The file can't be unpacked. The message says why."""


@contextmanager
def unpacked(place: Path) -> Iterator[Path]:
    """Yield the folder of a ZIP file, unpacked for a while; other places unchanged. Raise NotAZip or OSError."""
    if place.is_dir() or place.suffix.lower() != SUFFIX:
        yield place
        return
    with TemporaryDirectory(prefix="pec-verify-") as temporary:
        try:
            with zipfile.ZipFile(place) as packed:
                packed.extractall(temporary)  # which leads no name out of the folder
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise NotAZip(str(error)) from None
        inside = list(Path(temporary).iterdir())
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else Path(temporary)
