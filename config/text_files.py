"""Text as people's editors write it: Notepad and PowerShell begin a file with a byte order mark."""

import codecs
from pathlib import Path

MARK = "\ufeff"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def marked_encoding(start: bytes) -> str | None:
    """Return the encoding that a byte order mark names, or None if a file has no mark."""
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)


def decode(content: bytes) -> str:
    """Return the text without its mark: UTF-8 unless the mark names UTF-16. Raise UnicodeDecodeError."""
    return content.decode(marked_encoding(content) or "utf-8")


def read_text(path: Path) -> str:
    """Return the text of a file as `decode` does. Raise OSError and UnicodeDecodeError."""
    return decode(path.read_bytes())
