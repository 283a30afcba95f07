"""The folder of proof: for each message its record, what was sent, and the receipts; and the sums of it all.

    DIR/<id>/message.json                 the record, as JSON Lines have it
    DIR/<id>/body.html, attachments/…     the bytes as they were sent
    DIR/<id>/receipts/01-accettazione.eml, .json, .txt, …    what came, as it was signed if known
    DIR/SHA256SUMS                        for `sha256sum -c`

Nothing is ever written outside DIR.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from archive import contents
from archive.atomic_files import PRIVATE_FOLDER, atomic_write, make_folder
from archive.case_files import CaseFile, json_line, receipt_dict
from archive.export_marker import ExportMarker
from archive.folder_names import FolderNames
from archive.manifest import Manifest, sum_of
from archive.portable_names import unique_names
from archive.receipt_texts import text_in
from archive.stale import stale_files, text_bytes
from archive.vault import Altered, Missing, Vault
from config.settings import Retention
from config.texts import _
from pec.content import sha256
from pec.messages import Message
from pec.originals import Original
from pec.receipts import Receipt
from pec.store.store import Store

_MAX_CONTENTS_HELD = 4  # so that what a batch shares is read once
MissingFiles = list[dict[str, str]]


@contextmanager
def opened(
    path: Path,
    store: Store,
    rules: Retention | None,
    vault: Vault | None = None,
    reserved: Iterable[str] = (),
) -> Iterator["Folder"]:
    """Open the folder, made if it is missing, and list the written files even if the work breaks off.

    Messages that are complete in it are marked as exported in the end, if there are rules. No message gets a name that
    is `reserved`. Raise OSError, NotAManifest or VaultAway.
    """
    if not path.is_dir():
        path.mkdir(PRIVATE_FOLDER, parents=True)
        path.chmod(PRIVATE_FOLDER)
    with closing(ExportMarker()) as proved:
        folder = Folder(path.resolve(), store, vault, proved, reserved)
        try:
            yield folder
        finally:
            folder.close()
        if rules:
            proved.mark(store, rules)


class Folder:
    """DIR while it is written."""

    def __init__(
        self,
        path: Path,
        store: Store,
        vault: Vault | None,
        proved: ExportMarker,
        reserved: Iterable[str] = (),
    ) -> None:
        self.files = 0
        self.incomplete: list[str] = []  # ids of messages whose content is not all there
        self._path = path
        self._proved = proved
        self._manifest = Manifest(path)
        self._content = lru_cache(_MAX_CONTENTS_HELD)(
            lambda sha256: contents.read(store, vault, [sha256])[sha256]
        )
        self._original = partial(contents.original, vault)
        self._places = FolderNames(path, reserved)
        self._stale: list[Path] = []

    def add(self, case: CaseFile) -> Path:
        """Write all that is known of a message, over what was written of it before. Return its folder."""
        place = make_folder(self._path / self._places.name_of(case.message.id))
        missing = self._put_contents(place, case.message)
        if case.receipts:
            case, gone = self._put_receipts(make_folder(place / "receipts"), case)
            missing += gone
        stated = {**case.as_dict(), "missing": missing} if missing else case.as_dict()
        self.put(place / "message.json", json_line(stated))
        if missing:
            self.incomplete.append(case.message.id)
        elif not case.lacking:
            self._proved.add(case.message)
        return place

    def cover(self, path: Path) -> None:
        """Add a file that another writer put into the folder to the list."""
        if path.is_file() and path.is_relative_to(self._path):
            self._list(path, sum_of(path))

    def close(self) -> None:
        """Write the sums last, so that the files they name exist. Then delete stale files, which have no sum."""
        try:
            self._manifest.write()
            for path in self._stale:
                path.unlink(missing_ok=True)
        finally:
            self._manifest.close()
            self._places.close()

    def _put_contents(self, place: Path, message: Message) -> MissingFiles:
        wanted = [(place / "body.html", message.body)] if message.body else []
        if message.attachments:
            attachments = make_folder(place / "attachments")
            names = unique_names(file.name for file in message.attachments)
            digests = [file.sha256 for file in message.attachments]
            wanted += [(attachments / name, digest) for name, digest in zip(names, digests, strict=True)]
        found = ((path, digest, self._put_content(path, digest)) for path, digest in wanted)
        return [
            {"file": path.relative_to(place).as_posix(), "sha256": digest, "why": why}
            for path, digest, why in found
            if why
        ]

    def _put_content(self, path: Path, digest: str) -> str | None:
        """Return why it can't be written, or None. The file of an earlier export with the same bytes counts too."""
        try:
            data = self._content(digest)
        except KeyError:
            why: str = _("Redis no longer holds it")
        except (Missing, Altered) as gone:
            why = gone.what
        else:
            if sha256(data) == digest:
                self.put(path, data)
                return None
            why = _("Redis holds other bytes than were sent")
        if not _holds(path, digest):
            return why
        self._list(path, digest)
        return None

    def _put_receipts(self, place: Path, case: CaseFile) -> tuple[CaseFile, MissingFiles]:
        """Return the case with the texts that its originals hold, and the originals that the archive lost."""
        written: set[str] = set()
        missing: MissingFiles = []
        read: list[Receipt] = []
        for number, one in enumerate(case.receipts, 1):
            files, receipt = {}, one
            if one.original:
                try:
                    files["eml"] = self._original_in(place, one.original)
                except (Missing, Altered) as gone:
                    name, digest = receipt_name(number, one, "eml"), one.original.sha256
                    missing.append({"file": f"{place.name}/{name}", "sha256": digest, "why": gone.what})
                else:
                    receipt = one if one.text is not None else replace(one, text=text_in(files["eml"]))
            files["json"] = json_line(receipt_dict(receipt))
            if receipt.text:
                files["txt"] = text_bytes(receipt.text)
            read.append(receipt)
            for suffix, data in files.items():
                name = receipt_name(number, receipt, suffix)
                self.put(place / name, data)
                written.add(name)
        for path in stale_files(place, read, written):
            self._manifest.drop(path)
            self._stale.append(path)
        return replace(case, receipts=tuple(read)), missing

    def _original_in(self, place: Path, known: Original) -> bytes:
        """Return it from the archive, else from an earlier export. Raise Missing, Altered and VaultAway."""
        try:
            return self._original(known)
        except (Missing, Altered):
            earlier = next((path for path in place.glob("*.eml") if _holds(path, known.sha256)), None)
            if earlier is None:
                raise
            return earlier.read_bytes()

    def put(self, path: Path, data: bytes) -> None:
        """Write a file of the folder, unless it has these bytes already, and list it."""
        digest = sha256(data)
        if not _holds(path, digest):
            with atomic_write(path) as file:
                file.write(data)
        self._list(path, digest)

    def _list(self, path: Path, digest: str) -> None:
        self._manifest.add(path, digest)
        self.files += 1


def receipt_name(number: int, receipt: Receipt, suffix: str) -> str:
    """Return the name of a file of a message's receipt, which are numbered from 1."""
    return f"{number:02d}-{receipt.kind}.{suffix}"


def _holds(path: Path, digest: str) -> bool:
    return path.is_file() and not path.is_symlink() and sum_of(path) == digest
