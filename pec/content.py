"""The bytes of a PEC: decode what producers wrote, hash it, and compute its size on the wire."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable

from pec.problems import fault

_DATA_URI = re.compile(r"data:[^,]{0,200};base64,", re.ASCII)
_BYTE_ORDER_MARK = "\ufeff"
_WHITE = {ord(character): None for character in " \t\r\n"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def is_blank(text: str) -> bool:
    """Return whether the text shows nothing: it is white space or byte order marks."""
    return all(character.isspace() or character == _BYTE_ORDER_MARK for character in text)


def decode_file(text: str) -> bytes:
    """Return the bytes of an attachment's `file`: base64, or a data URI of it.

    Raise a fault (ValueError) of pec.problems.
    """
    if uri := _DATA_URI.match(text):
        text = text[uri.end() :]
    elif text.startswith("data:"):
        raise fault("not_a_base64_uri")
    try:
        return base64.b64decode(text.translate(_WHITE), validate=True)
    except (binascii.Error, ValueError):
        raise fault("not_base64") from None


def encoded_size(body_bytes: int, attachments_bytes: Iterable[int]) -> int:
    """Return the bytes of a message on the wire: the text, and each file as base64 (four for every three)."""
    return body_bytes + sum(-(-size // 3) * 4 for size in attachments_bytes)
