"""The points of death around IMAP and the archive, and the faults of its folder."""

import errno
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.chaos.worker.journal import hit, is_on, note


def wrap() -> None:
    _spoil_the_archive()
    _wrap_vault()
    _wrap_imap()


def _spoil_the_archive() -> None:
    """The archive's disk is full, read-only or slow, or gives back other bytes of a mail than were put."""
    from archive.vault import folder

    system: Any = folder
    make, chunks = system.mkstemp, folder.Folder.chunks

    def made(*args: Any, **options: Any) -> Any:
        for name, number in (("archive-full", errno.ENOSPC), ("archive-readonly", errno.EROFS)):
            if is_on(name):
                note(met=name)
                raise OSError(number, os.strerror(number))
        if is_on("archive-slow"):
            note(met="archive-slow")
            time.sleep(0.5)  # this is how slow it is
        return make(*args, **options)

    def read(self: folder.Folder, name: str) -> Iterator[bytes] | None:
        found = chunks(self, name)
        if found is None or not name.endswith(".eml") or not is_on("archive-lies"):
            return found
        note(met="archive-lies")
        return (bytes([chunk[0] ^ 1]) + chunk[1:] for chunk in found)

    system.mkstemp = made
    folder.Folder.chunks = read  # type: ignore[method-assign]


def _wrap_vault() -> None:
    from archive.vault import EML, Vault

    put = Vault.put

    def kept(self: Vault, data: bytes, suffix: str) -> str:
        digest = put(self, data, suffix)
        if suffix == EML:
            hit("archived")
        return digest

    Vault.put = kept  # type: ignore[method-assign]


def _wrap_imap() -> None:
    from pec.imap.session import Session

    mails, expunge = Session.mails, Session.expunge

    def fetched(self: Session, uids: Sequence[int], size: int) -> dict[int, bytes]:
        found = mails(self, uids, size)
        if found:
            hit("mail-fetched")
        return found

    def expunged(self: Session, uids: Sequence[int]) -> None:
        hit("before-expunge")
        expunge(self, uids)
        hit("expunged")

    Session.mails, Session.expunge = fetched, expunged  # type: ignore[method-assign]
