"""Choose the section of a format that shows a value, and read the format only once."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from producers.campaigns.spreadsheet.number_format.errors import Unshown
from producers.campaigns.spreadsheet.number_format.general import general
from producers.campaigns.spreadsheet.number_format.instants import Moment, is_moment
from producers.campaigns.spreadsheet.number_format.numerals import Numeral
from producers.campaigns.spreadsheet.number_format.places import GAP
from producers.campaigns.spreadsheet.number_format.ratios import Ratio
from producers.campaigns.spreadsheet.number_format.tokens import Kind, Token, tokens_of

_COMPARED = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<>": operator.ne,
}
_CONDITION = re.compile(r"([<>=]+) *(.+)")
_NOT_NEGATIVE = ((">=", Decimal(0)), (">", Decimal(0)))
_MAX_NUMBERS = 3  # sections, and one of texts
_SILENT = (Kind.COLOUR, Kind.LANGUAGE, Kind.CONDITION)


@dataclass(frozen=True, slots=True)
class Section:
    tokens: tuple[Token, ...]
    shape: Numeral | Ratio | Moment | None  # None: General, or no number at all
    condition: tuple[str, Decimal] | None = None

    def takes(self, value: Decimal) -> bool:
        if self.condition is None:
            return True
        sign, limit = self.condition
        compare: Callable[[Decimal, Decimal], bool] = _COMPARED[sign]
        return compare(value, limit)

    @property
    def general(self) -> bool:
        return any(token.kind is Kind.GENERAL for token in self.tokens)

    @property
    def only_negative(self) -> bool:
        """Return whether its condition lets only negative numbers pass, so that it writes their sign itself."""
        if self.condition is None:
            return False
        sign, limit = self.condition
        return (sign in ("<", "<=") and limit <= 0) or (sign == "=" and limit < 0)


@dataclass(frozen=True, slots=True)
class Format:
    numbers: tuple[Section, ...]
    text: Section | None

    def section(self, value: Decimal) -> tuple[Section, bool]:
        """Return the section for a number, and whether the sign is shown before it. Raise Unshown."""
        if any(section.condition for section in self.numbers):
            return self._conditional(value)
        count = len(self.numbers)
        if count == 3 and value == 0:
            return self.numbers[2], False
        if count > 1 and value < 0:
            if self.numbers[1].general:
                raise Unshown  # programs differ in whether General has the sign there
            return self.numbers[1], False
        return self.numbers[0], value < 0

    def _conditional(self, value: Decimal) -> tuple[Section, bool]:
        first, *others = self.numbers
        if len(others) == 2 and (first.condition is None or others[0].condition is None):
            raise Unshown  # programs differ in what the section without a condition takes
        section = next((section for section in (first, *others) if section.takes(value)), None)
        if section is None:
            raise Unshown
        if value >= 0 or (section is first and section.only_negative):
            return section, False
        if section.condition is None and first.condition in _NOT_NEGATIVE:
            return section, False
        if section is not first or section.shape is None:
            raise Unshown  # programs differ in whether the sign is shown
        return section, True


@lru_cache(maxsize=1000)
def format_of(code: str) -> Format:
    """Return the format. Raise Unshown if any part of it is unknown."""
    parts: list[list[Token]] = [[]]
    for token in tokens_of(code):
        if token.kind is Kind.END:
            parts.append([])
        else:
            parts[-1].append(token)
    text = None
    if len(parts) > _MAX_NUMBERS or any(token.kind is Kind.TEXT for token in parts[-1]):
        text = _text_section(parts.pop())
    if len(parts) > _MAX_NUMBERS:
        raise Unshown
    return Format(tuple(map(_section, parts or [[Token(Kind.GENERAL, "General")]])), text)


def _text_section(tokens: list[Token]) -> Section:
    if not {Kind.LITERAL, Kind.GAP, Kind.TEXT, Kind.GENERAL, Kind.NUMBER, *_SILENT}.issuperset(
        token.kind for token in tokens
    ):
        raise Unshown
    return Section(tuple(tokens), None)


def _section(tokens: list[Token]) -> Section:
    condition = next((token.text for token in tokens if token.kind is Kind.CONDITION), None)
    found = _CONDITION.fullmatch(condition) if condition else None
    limit = (found[1], Decimal(found[2])) if found else None
    audible = [token for token in tokens if token.kind not in _SILENT]
    return Section(tuple(audible), _shape(tokens, audible), limit)


def _shape(tokens: Sequence[Token], audible: Sequence[Token]) -> Numeral | Ratio | Moment | None:
    kinds = {token.kind for token in audible}
    if is_moment(audible):
        return Moment([token for token in tokens if token.kind not in (Kind.COLOUR, Kind.CONDITION)])
    if kinds <= {Kind.LITERAL, Kind.GAP, Kind.GENERAL, Kind.NUMBER}:
        return None
    return Ratio(audible) if Kind.SLASH in kinds else Numeral(audible)


def plain(section: Section, number: Decimal) -> str:
    """Return a section without digits: its texts, and the number in place of General."""
    shown = {Kind.GAP: GAP}
    return "".join(
        general(number) if token.kind is Kind.GENERAL else shown.get(token.kind, token.text)
        for token in section.tokens
    )
