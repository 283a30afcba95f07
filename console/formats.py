"""Times, numbers and sizes as people read them. Times are Rome's."""

from datetime import datetime
from urllib.parse import quote

from pec.instants import ROME, from_text
from pec.operations.status import progress

_UNITS = ("B", "kB", "MB", "GB", "TB")


def when(instant: datetime | str | None, seconds: bool = True) -> str:
    """Return `29/11/2026 14:05:09`, or an empty text."""
    if not instant:
        return ""
    at = from_text(instant) if isinstance(instant, str) else instant
    return at.astimezone(ROME).strftime("%d/%m/%Y %H:%M:%S" if seconds else "%d/%m/%Y %H:%M")


def day(instant: datetime | None) -> str:
    """Return `29/11/2026`, or an empty text."""
    return instant.astimezone(ROME).strftime("%d/%m/%Y") if instant else ""


def number(language: str, value: float | None) -> str:
    """Return `12.345` in Italian, `12,345` in English."""
    if value is None:
        return ""
    written = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return written if language == "en" else written.translate(str.maketrans(",.", ".,"))


def percent(share: float | None) -> str:
    """Return `83 %`, or an empty text."""
    return "" if share is None else f"{share * 100:.0f} %"


def size(language: str, count: float | None) -> str:
    """Return `1,2 MB`, `50 MB`, or an empty text."""
    if count is None:
        return ""
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            whole = unit == "B" or value >= 100 or round(value, 1).is_integer()
            return f"{number(language, round(value) if whole else value)} {unit}"
        value /= 1000
    return ""


def brief(language: str, seconds: float | None) -> str:
    """Return `120 ms`, `4,5 s`, or a duration in words from two minutes on; a dash if there is none."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{number(language, round(seconds * 1000))} ms"
    return f"{number(language, float(seconds))} s" if seconds < 120 else progress.duration(seconds)


def duration(seconds: float | None) -> str:
    """Return `6 min`."""
    return "" if seconds is None else progress.duration(seconds)


def in_path(text: str) -> str:
    """Return a name as a part of a path, whatever it contains."""
    return quote(text, safe="")
