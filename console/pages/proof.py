"""The proof of one message as one file: its receipts as they were signed, judged, with a page to print."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore

from fastapi import APIRouter, HTTPException, Response

from archive.bundle.zip_file import packed
from archive.chain import Profile
from archive.choice import Choice
from archive.trust import AnchorsError, profiles
from archive.vault import VaultError
from archive.vault.installation import open_vault
from console.downloads import download
from console.language import translated
from console.pages.seen_messages import one_message
from console.visit import Reader, Visit
from pec.operations.refusals import Refused

_AT_ONCE = BoundedSemaphore(2)  # each judges signatures

router = APIRouter()


@router.get("/messages/{message_id}/proof.zip")
def proof(visit: Reader, message_id: str) -> Response:
    """Download what `pec proof` writes for the message, in the language of the person."""
    message = one_message(visit, message_id)
    if not message.ended:
        raise HTTPException(404)
    with _AT_ONCE:
        try:
            data = _bundle(visit, message.id)
        except (VaultError, AnchorsError, OSError) as error:
            raise Refused("archive", str(error)) from None
    return download(data, f"{message.id}.zip", "application/zip")


def _bundle(visit: Visit, message_id: str) -> bytes:
    from archive.bundle.bundle import Maker  # the templates of its pages, which no other page needs

    archive = visit.settings.archive

    def say(text: str) -> str:
        return str(translated(visit.language, text))

    maker = Maker(
        visit.store, open_vault(archive, visit.store), _profiles(archive.anchors), say, visit.language
    )
    with TemporaryDirectory(prefix="pec-proof-") as own:
        made = Path(own) / "proof.zip"
        with packed(made) as folder:
            maker.write(folder, Choice(lambda: [message_id], 1), lambda: None)
        return made.read_bytes()


@cache
def _profiles(anchors: str) -> list[Profile]:
    return profiles(Path(anchors) if anchors else None)
