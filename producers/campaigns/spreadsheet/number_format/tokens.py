"""Split the code of a number format into tokens."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from producers.campaigns.spreadsheet.number_format.errors import Unshown
from producers.campaigns.spreadsheet.number_format.languages import ITALIAN, language_of


class Kind(Enum):
    LITERAL = auto()
    GAP = auto()  # `_x` and `*x`: room for a character, or up to the edge of the cell
    DIGIT = auto()  # 0 # ?
    NUMBER = auto()  # 1 to 9: a part of a denominator, or itself
    POINT = auto()
    COMMA = auto()
    PERCENT = auto()
    EXPONENT = auto()  # E+ or E-
    SLASH = auto()
    TEXT = auto()  # @
    GENERAL = auto()
    DATE = auto()  # a run of one of y m d h s e
    ELAPSED = auto()  # the same of h m s, in brackets
    HALF = auto()  # AM/PM or A/P
    SYSTEM = auto()  # the long date or the time of the regional settings
    CONDITION = auto()
    LANGUAGE = auto()
    COLOUR = auto()
    END = auto()  # of a section


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str


_SIMPLE = {
    ".": Kind.POINT,
    ",": Kind.COMMA,
    "%": Kind.PERCENT,
    "/": Kind.SLASH,
    "@": Kind.TEXT,
    ";": Kind.END,
    **dict.fromkeys("0#?", Kind.DIGIT),
    **dict.fromkeys("123456789", Kind.NUMBER),
}
# A letter that stands for nothing in any program is itself; the others are refused.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<gap>[_*].)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>general)|(?P<half>am/pm|a/p)|(?P<exponent>e[+-])|(?P<date>y+|m+|d+|h+|s+|e+)"
    r'|(?P<other>[^abdeghmnqrsy"\\\[\]_*])',
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(r"(black|blue|cyan|green|magenta|red|white|yellow|color ?\d+)", re.IGNORECASE)
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=) *-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_SYSTEM = {"f800": "date", "x-sysdate": "date", "f400": "time", "x-systime": "time"}


def tokens_of(code: str) -> list[Token]:
    """Return the tokens in order. Raise Unshown if a character means nothing."""
    found, place = [], 0
    while place < len(code):
        match = _TOKEN.match(code, place)
        if match is None:
            raise Unshown
        found += _tokens(match)
        place = match.end()
    return found


def _tokens(match: re.Match[str]) -> list[Token]:
    text = match[match.lastgroup or 0]
    match match.lastgroup:
        case "quoted" | "escaped":
            return [Token(Kind.LITERAL, text)]
        case "gap":
            return [Token(Kind.GAP, text)]
        case "general":
            return [Token(Kind.GENERAL, text)]
        case "half":
            return [Token(Kind.HALF, text)]
        case "exponent":
            return [Token(Kind.EXPONENT, text)]
        case "date":
            return [Token(Kind.DATE, text.lower())]
        case "bracket":
            return _in_brackets(text)
    return [Token(_SIMPLE.get(text, Kind.LITERAL), text)]


def _in_brackets(text: str) -> list[Token]:
    if text.startswith("$"):
        symbol, _, mark = text[1:].partition("-")
        literal = [Token(Kind.LITERAL, symbol)] if symbol else []
        if system := _SYSTEM.get(mark.lower()):
            return [*literal, Token(Kind.SYSTEM, system)]
        return [*literal, Token(Kind.LANGUAGE, language_of(mark))] if mark else literal
    if _COLOUR.fullmatch(text):
        return [Token(Kind.COLOUR, text)]
    if _ELAPSED.fullmatch(text):
        return [Token(Kind.ELAPSED, text.lower())]
    if _CONDITION.fullmatch(text):
        return [Token(Kind.CONDITION, text)]
    raise Unshown


def spoken(tokens: list[Token]) -> str:
    """Return the language that the tokens ask for, else Italian."""
    return next((token.text for token in tokens if token.kind is Kind.LANGUAGE), ITALIAN)
