"""Show a number of days as a date, a time or a duration."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from producers.campaigns.spreadsheet.number_format.decimals import floor, rounded, times
from producers.campaigns.spreadsheet.number_format.errors import Unshown
from producers.campaigns.spreadsheet.number_format.languages import Names, names_in
from producers.campaigns.spreadsheet.number_format.places import GAP
from producers.campaigns.spreadsheet.number_format.tokens import Kind, Token, spoken

_DAY = 86_400
_END_OF_TIME = date(9999, 12, 31)
_MAX_DECIMALS = 3  # of a second
_ALLOWED = {
    *(Kind.LITERAL, Kind.GAP, Kind.NUMBER, Kind.POINT, Kind.COMMA, Kind.SLASH),
    *(Kind.DATE, Kind.ELAPSED, Kind.HALF, Kind.DIGIT, Kind.SYSTEM, Kind.LANGUAGE),
}
_SYSTEM = {
    "date": ("dddd", " ", "d", " ", "mmmm", " ", "yyyy"),
    "time": ("hh", ":", "MM", ":", "ss"),
}


@dataclass(frozen=True, slots=True)
class _Instant:
    """Months and days are empty for a duration; 1900 begins with a day 0 and has a 29 February."""

    year: int
    month: int
    day: int
    weekday: int  # from Sunday
    seconds: int  # from the start, for what is elapsed
    fraction: str

    @property
    def clock(self) -> tuple[int, int, int]:
        left = self.seconds % _DAY
        return left // 3600, left // 60 % 60, left % 60


class Moment:
    """A section of days, hours and the like. Raise Unshown if it holds anything else."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        if not _ALLOWED.issuperset(token.kind for token in tokens):
            raise Unshown
        self._names = names_in(spoken(list(tokens))) if _needs_names(tokens) else None
        silent = [token for token in tokens if token.kind is not Kind.LANGUAGE]
        self._tokens, self._decimals = _with_decimals(_with_minutes(_with_system(silent)))
        self._timed = any(
            token.kind in (Kind.ELAPSED, Kind.HALF) or token.text[:1] in ("h", "M", "s")
            for token in self._tokens
            if token.kind in (Kind.DATE, Kind.ELAPSED, Kind.HALF)
        )
        self._halves = any(token.kind is Kind.HALF for token in self._tokens)

    def show(self, value: Decimal, *, since_1904: bool = False) -> str:
        """Return the text. Raise Unshown if a sheet shows ##### for the value."""
        if value < 0:
            if not since_1904:
                raise Unshown
            return "-" + self.show(-value, since_1904=True)
        instant = self._instant(value, since_1904)
        return "".join(self._text(token, instant) for token in self._tokens)

    def _instant(self, value: Decimal, since_1904: bool) -> _Instant:
        if not self._timed:
            days, seconds, fraction = floor(value), 0, ""
        else:
            text = f"{rounded(times(value, _DAY), self._decimals):f}"
            whole, _, fraction = text.partition(".")
            days, seconds = int(whole) // _DAY, int(whole)
        year, month, day = _date(days, since_1904)
        weekday = days + (5 if since_1904 else -1)  # the first days were a Friday and, for Excel, a Sunday
        return _Instant(year, month, day, weekday % 7, seconds, fraction)

    def _text(self, token: Token, at: _Instant) -> str:
        match token.kind:
            case Kind.GAP:
                return GAP
            case Kind.DATE:
                return _field(token.text, at, self._names, self._halves)
            case Kind.ELAPSED:
                unit = {"h": 3600, "m": 60, "s": 1}[token.text[0]]
                return f"{at.seconds // unit:0{len(token.text)}d}"
            case Kind.HALF:
                half = token.text.split("/")[at.clock[0] >= 12]
                return half.upper() if len(half) == 2 else half
            case Kind.DIGIT:
                return at.fraction[int(token.text)]
            case Kind.POINT if token.text == ",":
                return ","
        return token.text


def _field(field: str, at: _Instant, names: Names | None, halves: bool) -> str:
    hours, minutes, seconds = at.clock
    hours = (hours % 12 or 12) if halves else hours
    width = min(len(field), 2)
    match field[0]:
        case "y":
            return f"{at.year % 100:02d}" if len(field) < 3 else str(at.year)
        case "e":
            return str(at.year)
        case "d" if names and len(field) > 2:
            return (names.short_days if len(field) == 3 else names.days)[at.weekday]
        case "m" if names and len(field) > 2:
            name = (names.short_months if len(field) == 3 else names.months)[at.month - 1]
            return name[0] if len(field) == 5 else name
    number = {"d": at.day, "m": at.month, "h": hours, "M": minutes, "s": seconds}[field[0]]
    return f"{number:0{width}d}"


def _needs_names(tokens: Sequence[Token]) -> bool:
    return any(
        token.kind is Kind.SYSTEM or (token.kind is Kind.DATE and token.text[:3] in ("mmm", "ddd"))
        for token in tokens
    )


def _date(days: int, since_1904: bool) -> tuple[int, int, int]:
    if not since_1904 and days in (0, 60):
        return (1900, 1, 0) if days == 0 else (1900, 2, 29)  # as Excel counts
    first = date(1904, 1, 1) if since_1904 else date(1899, 12, 31 if days < 60 else 30)
    if days > (_END_OF_TIME - first).days:
        raise Unshown
    at = first + timedelta(days)
    return at.year, at.month, at.day


def _with_system(tokens: Sequence[Token]) -> list[Token]:
    """Return what the regional settings of Italy put in place of the format."""
    system = next((token.text for token in tokens if token.kind is Kind.SYSTEM), None)
    if system is None:
        return list(tokens)
    return [Token(Kind.DATE if part.isalpha() else Kind.LITERAL, part) for part in _SYSTEM[system]]


def _with_minutes(tokens: list[Token]) -> list[Token]:
    """Write minutes as M: an m next to hours or seconds."""
    fields = [index for index, token in enumerate(tokens) if token.kind in (Kind.DATE, Kind.ELAPSED)]
    for before, index, after in zip([None, *fields], fields, [*fields[1:], None], strict=False):
        token = tokens[index]
        follows = before is not None and tokens[before].text[0] == "h"
        precedes = after is not None and tokens[after].text[0] == "s"
        if token.kind is Kind.DATE and token.text in ("m", "mm") and (follows or precedes):
            tokens[index] = Token(Kind.DATE, token.text.upper())
    return tokens


def _with_decimals(tokens: list[Token]) -> tuple[list[Token], int]:
    """Return the tokens with each digit after a second as its index, and how many there are."""
    found: list[Token] = []
    count = 0
    for index, token in enumerate(tokens):
        if token.kind is Kind.DIGIT:
            before = found[-1].kind if found else None
            if token.text != "0" or before not in (Kind.POINT, Kind.DIGIT) or count >= _MAX_DECIMALS:
                raise Unshown
            if before is Kind.POINT:
                if index < 2 or tokens[index - 2].text[0] != "s" or count:
                    raise Unshown
                found[-1] = Token(Kind.POINT, ",")
            token, count = Token(Kind.DIGIT, str(count)), count + 1
        found.append(token)
    return found, count


def is_moment(tokens: Sequence[Token]) -> bool:
    return any(token.kind in (Kind.DATE, Kind.ELAPSED, Kind.HALF, Kind.SYSTEM) for token in tokens)
