"""The bundle of one message, made once and kept a while. Few are made at a time: each judges signatures."""

import threading
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.bundle.zip_file import packed
from archive.chain import Profile
from archive.choice import Choice
from archive.trust import profiles
from producers.gateway.context import Gateway
from producers.gateway.v1 import scratch

PATIENCE_SECONDS = 20.0
_ENGLISH = "en"
_TURNS = threading.BoundedSemaphore(2)


def bundle(gateway: Gateway, message_id: str, place: Path) -> None:
    """Write the ZIP file. Raise VaultError, AnchorsError, OSError, and TimeoutError if too many are being made."""
    from archive.bundle.bundle import Maker  # the templates of its pages, which no other operation needs

    if not _TURNS.acquire(timeout=PATIENCE_SECONDS):
        raise TimeoutError
    try:
        scratch.remove_old()
        maker = Maker(
            gateway.store, gateway.vault, _profiles(gateway.settings.archive.anchors), str, _ENGLISH
        )
        with TemporaryDirectory(dir=place.parent) as own:
            made = Path(own) / "proof.zip"
            with packed(made) as folder:
                maker.write(folder, Choice(lambda: [message_id], 1), lambda: None)
            if not place.exists():  # another process may have made it meanwhile: its ranges are asked for
                made.replace(place)
    finally:
        _TURNS.release()


@cache
def _profiles(anchors: str) -> list[Profile]:
    return profiles(Path(anchors) if anchors else None)
