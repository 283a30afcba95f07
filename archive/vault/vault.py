"""The archive: a place for bytes, named by their SHA-256, written once and read back before anything relies on them.

<aa>/<sha256>.eml        a mail as it came
content/<aa>/<sha256>    a body or an attachment that was sent
workers/<id>             the mark of a worker that reaches the archive
pec-archive              the id of the archive, by which workers know that they reach the same place
.unfinished/             in a folder: what is being written
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from archive.vault.errors import Altered, Missing, VaultAway
from archive.vault.folder import Folder
from config.settings import Archive
from config.texts import _

EML = ".eml"
CONTENT = ""
IDENTITY = "pec-archive"

Agree = Callable[[str | None], str | None]


class Place(Protocol):
    """A folder or a bucket, which holds the bytes. Each call raises VaultAway if the place can't be used.

    `can_vanish`: it can turn into an empty one, as a folder does when its disk is unmounted.
    """

    can_vanish: bool

    def put_new(self, name: str, data: bytes) -> bool:
        """Write the whole of it, or leave what is there and return False."""

    def overwrite(self, name: str, data: bytes) -> None:
        """Write the whole of it in place of what is there."""

    def chunks(self, name: str) -> Iterator[bytes] | None:
        """Return the bytes in order, or None if nothing has this name."""

    def delete(self, name: str) -> None:
        """Remove it if it is there."""

    def written_since(self, at: float, suffix: str) -> Iterator[str]:
        """Yield the names with this end of what was written at that time (seconds since 1970) or later."""

    def remove_unfinished(self) -> None:
        """Remove what writers began to write, and were killed."""


class Vault:
    """Shared by the threads of a process.

    `agree` gets the id that the place has, or None, and returns the one that the installation uses, or None if it has
    used no archive yet. So an empty mount point is not taken for an archive that lost everything.
    """

    def __init__(self, place: Place, agree: Agree | None = None) -> None:
        self._place = place
        self._agree = agree or (lambda found: found)
        self._identity: str | None = None

    @classmethod
    def open(cls, rules: Archive, agree: Agree | None = None) -> "Vault | None":
        """Return the archive that the settings name, or None if they name none. Nothing is read or written yet."""
        if not rules.url:
            return None
        if not rules.url.startswith("s3://"):
            return cls(Folder(Path(rules.url)), agree)
        from archive.vault.s3 import S3  # 15 MB that a folder does not need

        return cls(S3(rules), agree)

    def __str__(self) -> str:
        return str(self._place)

    def put(self, data: bytes, suffix: str) -> str:
        """Write bytes unless they are there, read them back, and return their SHA-256. Raise VaultAway.

        Damaged bytes of this name are replaced: only these have its digest.
        """
        self._known()
        self._is_there()
        digest = hashlib.sha256(data).hexdigest()
        name = path_of(digest, suffix)
        if not self._place.put_new(name, data) and self._digest(name) != digest:
            self._place.overwrite(name, data)
        if self._digest(name) != digest:
            raise VaultAway("other_bytes", place=str(self))
        return digest

    def get(self, digest: str, suffix: str) -> bytes:
        """Return bytes by their SHA-256. Raise Missing, Altered or VaultAway."""
        name = path_of(digest, suffix)
        found = self._chunks(name)
        if found is None:
            what = _("the archive {place} does not hold {name}").format(place=str(self), name=name)
            raise Missing(what, _("put it back from a backup"), place=str(self), name=name)
        data = b"".join(found)
        if hashlib.sha256(data).hexdigest() != digest:
            what = _("{name} in the archive {place} was altered").format(place=str(self), name=name)
            raise Altered(what, _("put it back from a backup"), place=str(self), name=name)
        return data

    def contains(self, digest: str, suffix: str) -> bool:
        """Return whether the bytes are there, unchanged. Raise VaultAway."""
        return self._digest(path_of(digest, suffix)) == digest

    def mails_since(self, at: datetime) -> Iterator[bytes]:
        """Yield the mails that were archived at that instant or later. Raise VaultAway. Damaged ones are left out."""
        self._known()
        for name in self._place.written_since(at.timestamp(), EML):
            found = self._place.chunks(name)
            data = b"" if found is None else b"".join(found)
            digest = hashlib.sha256(data).hexdigest()
            if name == path_of(digest, EML):
                yield data

    def identity(self) -> str:
        """Return the id of the archive, which is made at its first use. Raise VaultAway."""
        self._identity = None
        return self._known()

    def leave_mark(self, writer: str) -> None:
        """Write a mark that others read, and so know that the writer reaches the same place. Raise VaultAway."""
        self.identity()
        self._place.overwrite(_mark_of(writer), writer.encode())

    def has_mark(self, writer: str) -> bool:
        """Return whether the mark of a writer is there. Raise VaultAway."""
        self._known()
        found = self._place.chunks(_mark_of(writer))
        return found is not None and b"".join(found) == writer.encode()

    def remove_mark(self, writer: str) -> None:
        self._place.delete(_mark_of(writer))

    def remove_unfinished(self) -> None:
        """Remove what killed writers left half written. Raise VaultAway."""
        self._place.remove_unfinished()

    def _digest(self, name: str) -> str | None:
        found = self._chunks(name)
        if found is None:
            return None
        digest = hashlib.sha256()
        for chunk in found:
            digest.update(chunk)
        return digest.hexdigest()

    def _chunks(self, name: str) -> Iterator[bytes] | None:
        self._known()
        found = self._place.chunks(name)
        if found is None:
            self._is_there()
        return found

    def _known(self) -> str:
        if self._identity is None:
            self._identity = self._agreed()
        return self._identity

    def _agreed(self) -> str:
        found = self._stated()
        wanted = self._agree(found)
        if wanted is None:
            self._place.put_new(IDENTITY, secrets.token_hex(16).encode())
            found = self._stated()
            wanted = self._agree(found)
        if found is None:
            raise VaultAway("no_identity", place=str(self), name=IDENTITY, wanted=str(wanted))
        if found != wanted:
            raise VaultAway("other_identity", place=str(self), name=IDENTITY, found=found, wanted=str(wanted))
        return found

    def _stated(self) -> str | None:
        found = self._place.chunks(IDENTITY)
        return None if found is None else b"".join(found).decode("ascii", "replace").strip() or None

    def _is_there(self) -> None:
        """Raise VaultAway if the place is not the archive any more."""
        if self._place.can_vanish and self._stated() != self._identity:
            self._identity = None
            self._known()


def _mark_of(writer: str) -> str:
    return f"workers/{writer}"


def path_of(digest: str, suffix: str) -> str:
    """Return the name of bytes in the archive."""
    below = f"{digest[:2]}/{digest}{suffix}"
    return below if suffix == EML else f"content/{below}"
