"""A folder of files to download, shared by the processes of one gateway, so that each can answer a range of them."""

import os
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from archive.atomic_files import atomic_write
from producers.gateway.metrics import FOLDER

KEEP_SECONDS = 600  # after it was made


@cache
def folder() -> Path:
    """Return the folder, in the one that the gateway removes when it ends."""
    place = Path(os.environ.get(FOLDER) or tempfile.mkdtemp(prefix="pec-gateway-")) / "files"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def put(place: Path, data: bytes) -> None:
    """Write a file, whole or not at all."""
    remove_old()
    with atomic_write(place) as file:
        file.write(data)


def remove_old() -> None:
    """Remove files that were made a while ago."""
    for one in folder().iterdir():
        with suppress(OSError):
            if one.is_file() and one.stat().st_ctime < time.time() - KEEP_SECONDS:
                one.unlink()
