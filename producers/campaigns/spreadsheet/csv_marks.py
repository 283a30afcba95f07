"""Marks around the cells of a CSV that are no part of their values: blanks beside quotation marks, `="…"`. Pure."""

import re
from functools import cache

from producers.campaigns.spreadsheet.cells import clean

_FORCED = re.compile(r'=\s*"((?:[^"]|"")*)"')  # a text that Excel must not change
_BESIDE_A_QUOTE = re.compile(r'[ \t\xa0]"|"[ \t\xa0]')


def without_marks(cell: str) -> str:
    """Return the value of a cell as a spreadsheet program shows it."""
    text = clean(cell)
    if text.startswith("=") and (forced := _FORCED.fullmatch(text)):
        return clean(forced[1].replace('""', '"'))
    return text


def without_blanks(line: str, delimiter: str, *, inside: bool) -> str:
    """Return a line whose quoted cells stand beside their delimiters. `inside`: it begins within such a cell."""
    if not _BESIDE_A_QUOTE.search(line):
        return line
    closing, whole, opening = _patterns(delimiter)
    if not inside:
        return opening.sub(r"\1", whole.sub(r"\1\2", line))
    end = closing.match(line)
    if end is None:
        return line
    return end[1] + without_blanks(line[end.end() :], delimiter, inside=False)


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], ...]:
    blank = f"[{'' if delimiter == chr(9) else chr(9)} \xa0]*"
    part = re.escape(delimiter)
    return (
        re.compile(rf'((?:[^"]|"")*"){blank}(?={part}|[\r\n]|$)'),
        re.compile(rf'(^|{part}){blank}("(?:[^"]|"")*"){blank}(?={part}|[\r\n]|$)'),
        re.compile(rf'(^|{part}){blank}(?="(?:[^"]|"")*$)'),
    )
