"""Text in columns of a PDF: where lines break, by the widths of the font."""

from collections.abc import Iterator

from reportlab.pdfbase.pdfmetrics import stringWidth

_BREAKS = "@.-_"


def wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    """Return the lines of a text that fit into a width; a word that is too long is broken where it must be."""
    lines = [line for part in text.split("\n") for line in _lines(part, font, size, width)]
    return lines or [""]


def _lines(text: str, font: str, size: float, width: float) -> Iterator[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if stringWidth(longer, font, size) <= width:
            line = longer
            continue
        if line:
            yield line
        *whole, line = _broken(word, font, size, width)
        yield from whole
    if line:
        yield line


def _broken(word: str, font: str, size: float, width: float) -> list[str]:
    """Return the parts of a word: an address breaks after an @ or a dot if one is near."""
    parts, part = [], ""
    for character in word:
        if part and stringWidth(part + character, font, size) > width:
            end = max(part.rfind(mark) for mark in _BREAKS) + 1
            end = end if end > len(part) // 2 else len(part)
            parts.append(part[:end])
            part = part[end:]
        part += character
    return [*parts, part]
