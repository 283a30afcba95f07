"""The bundle of one message, made once and kept a while."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.bundle.zip_file import packed
from archive.chain import Profile
from archive.choice import Choice
from archive.trust import profiles
from producers.gateway.context import Gateway
from producers.gateway.language import ITALIAN, in_italian
from producers.gateway.v1 import scratch


def bundle(gateway: Gateway, message_id: str, place: Path, language: str) -> None:
    """Write the ZIP file, its page in this language, unless it is there. Raise VaultError, AnchorsError and OSError."""
    from archive.bundle.bundle import Maker  # the templates of its pages, which no other operation needs

    if place.exists():  # made for another request, while this one waited
        return
    scratch.remove_old()
    say = in_italian if language == ITALIAN else str
    maker = Maker(gateway.store, gateway.vault, _profiles(gateway.settings.archive.anchors), say, language)
    with TemporaryDirectory(dir=place.parent) as own:
        made = Path(own) / "proof.zip"
        with packed(made) as folder:
            maker.write(folder, Choice(lambda: [message_id], 1), lambda: None)
        if not place.exists():  # another process may have made it meanwhile: its ranges are asked for
            made.replace(place)


@cache
def _profiles(anchors: str) -> list[Profile]:
    return profiles(Path(anchors) if anchors else None)
