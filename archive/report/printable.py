"""The characters of foreign texts that a signed page may show."""

import unicodedata

_UNSEEN = {"Cc", "Cs"}  # control characters, and halves of characters
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """Return the text on one line, composed as fonts have it. What would hide or turn its order shows as \ufffd."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join("\ufffd" if _is_unseen(one) else one for one in composed)


def _is_unseen(character: str) -> bool:
    return character in _TURNING or unicodedata.category(character) in _UNSEEN
