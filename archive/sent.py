"""Compares the PEC inside a receipt with a file that was sent."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from archive import mime
from archive.content import Piece, pieces
from archive.signatures import Verification

SHORT = "breve"

_DIGEST = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40})(?![0-9A-Fa-f])")


class Match(StrEnum):
    """The answer of a receipt about a file."""

    EQUAL = "equal"  # the same bytes are inside
    EQUAL_DIGEST = "equal_digest"  # a short receipt holds their digest
    DIFFERENT = "different"  # the PEC inside does not hold them
    NO_CONTENT = "no_content"  # the receipt holds no PEC


@dataclass(frozen=True, slots=True)
class Comparison:
    """`part`: the name of the part that matched, which may be empty."""

    match: Match
    part: str = ""

    @property
    def matches(self) -> bool:
        return self.match in (Match.EQUAL, Match.EQUAL_DIGEST)


def compare(receipt: Verification, sent: bytes) -> Comparison:
    """Return whether the PEC inside is this mail, or holds this file as an attachment or a body."""
    if receipt.postacert is None:
        return Comparison(Match.NO_CONTENT)
    if sent == receipt.postacert:
        return Comparison(Match.EQUAL)
    inside = pieces(receipt.postacert)
    for one in inside:
        if one.content == sent or (_is_text(one) and _text(one.content) == _text(sent)):
            return Comparison(Match.EQUAL, one.name)
    if receipt.daticert and receipt.daticert.receipt_type == SHORT:
        for one in inside:
            if _holds_digest(one, sent):
                return Comparison(Match.EQUAL_DIGEST, one.name)
    return Comparison(Match.EQUAL if _is_same_mail(inside, sent) else Match.DIFFERENT)


def _is_same_mail(inside: list[Piece], sent: bytes) -> bool:
    """Return whether a whole mail has the same bodies and attachments: the provider changes header fields only."""
    names = {name.lower() for name in mime.parse(sent).headers}
    return "from" in names and list(map(_comparable, pieces(sent))) == list(map(_comparable, inside))


def _comparable(piece: Piece) -> bytes:
    return _text(piece.content) if _is_text(piece) else piece.content


def _is_text(piece: Piece) -> bool:
    return piece.type.startswith("text/")


def _text(content: bytes) -> bytes:
    """Return a text with one form of line ends, because they change on the way."""
    return content.replace(b"\r\n", b"\n").rstrip(b"\n")


def _holds_digest(piece: Piece, sent: bytes) -> bool:
    """Return whether the text `NAME.hash`, in place of an attachment, names this file's SHA-1 or SHA-256."""
    if not piece.name.lower().endswith(".hash"):
        return False
    found = {one.lower() for one in _DIGEST.findall(piece.content)}
    digests = (hashlib.sha1(sent, usedforsecurity=False), hashlib.sha256(sent))
    return any(one.hexdigest().encode() in found for one in digests)
