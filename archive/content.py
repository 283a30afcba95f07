"""Finds `daticert.xml` and `postacert.eml` in the signed part, and what the PEC inside holds.

Reads the parts that the provider put there. It never looks into the PEC inside for facts: a sender wrote that.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from archive import mime

DATICERT = "daticert.xml"
POSTACERT = "postacert.eml"


@dataclass(frozen=True, slots=True)
class Inside:
    """The parts of a receipt. More than one `daticert.xml` is an attack, so all are given. `text`: for people."""

    daticerts: Sequence[bytes]
    postacert: bytes | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A body or an attachment of the PEC that was sent."""

    name: str
    type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read(signed: bytes) -> Inside:
    """Return what a signed part holds."""
    parts = list(mime.leaves(mime.parse(signed)))
    mails = [one for one in parts if one.name.lower() == POSTACERT] or [
        one for one in parts if one.type == "message/rfc822"
    ]
    return Inside(
        daticerts=[mime.content(one) for one in parts if one.name.lower() == DATICERT],
        postacert=mime.content(mails[0]) if len(mails) == 1 else None,
        text=next((mime.text(one) for one in parts if one.type == "text/plain" and not one.name), None),
    )


def pieces(mail: bytes) -> list[Piece]:
    """Return the bodies and attachments of a mail, in their order, with their transfer encoding undone."""
    return [Piece(one.name, one.type, mime.content(one)) for one in mime.leaves(mime.parse(mail))]
