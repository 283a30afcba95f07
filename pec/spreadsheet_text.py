"""Text that a spreadsheet program does not change, marked with a leading `'`; and back.

Excel computes what looks like a formula, and takes for a number, a date or a truth value whatever may be one: it
drops zeros, rounds after fifteen digits, shows twelve as 2,02E+11, and makes 2026-01 and 3.4 days.
"""

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,10}")  # a number that stays what it is
_NUMBER = re.compile(r"(?=.*[0-9])[0-9.,:/%€$ +\-]+(?:e[0-9+\-]+)?(?: *[ap]m?)?", re.IGNORECASE)
_MONTHS = "gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic|jan|may|jun|jul|aug|sep|oct|dec"
_DATE = re.compile(rf"[0-9]*[-/. ]*(?:{_MONTHS})[a-z]*[-/. ]*[0-9]*[-/. ]*[0-9]*", re.IGNORECASE)
_TRUTH = re.compile(r"vero|falso|true|false", re.IGNORECASE)


def escape(text: str) -> str:
    """Return a cell that keeps this text."""
    return f"'{text}" if _spoilt(text) else text


def unescape(cell: str) -> str:
    """Return the text of a cell that `escape` made."""
    return cell[1:] if cell.startswith("'") and _spoilt(cell[1:]) else cell


def _spoilt(text: str) -> bool:
    if text.startswith("'"):
        return _spoilt(text.lstrip("'"))  # so that a mark of its own differs from ours
    if text.startswith(_FORMULA):
        return True
    if _WHOLE.fullmatch(text):
        return False
    dated = any(map(str.isdigit, text)) and _DATE.fullmatch(text)
    return bool(dated or _NUMBER.fullmatch(text) or _TRUTH.fullmatch(text))
