"""Show a number as a fraction: `# ?/?`, `# ??/16`, `?/?`."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from producers.campaigns.spreadsheet.number_format.decimals import floor, rounded
from producers.campaigns.spreadsheet.number_format.errors import Unshown
from producers.campaigns.spreadsheet.number_format.places import GAP, whole_digits
from producers.campaigns.spreadsheet.number_format.tokens import Kind, Token

_ALLOWED = {Kind.LITERAL, Kind.GAP, Kind.DIGIT, Kind.NUMBER, Kind.SLASH}
_MAX_PLACES = 7


class Ratio:
    """A section with a fraction bar. Raise Unshown if no digits stand around it."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        kinds = [token.kind for token in tokens]
        if not _ALLOWED.issuperset(kinds) or kinds.count(Kind.SLASH) != 1:
            raise Unshown
        self._tokens, bar = tokens, kinds.index(Kind.SLASH)
        before, after = range(bar - 1, -1, -1), range(bar + 1, len(kinds))
        self._above = list(self._beside(before, {Kind.DIGIT}))[::-1]
        self._below = list(self._beside(after, {Kind.DIGIT, Kind.NUMBER}))
        if not self._above or not 0 < len(self._below) <= _MAX_PLACES:
            raise Unshown
        self._whole = [index for index in range(self._above[0]) if kinds[index] is Kind.DIGIT]
        if Kind.DIGIT in kinds[self._below[-1] + 1 :]:
            raise Unshown
        fixed = "".join(tokens[index].text for index in self._below)
        self._denominator = int(fixed) if Kind.NUMBER in kinds[bar:] else None

    def _beside(self, indexes: Sequence[int], kinds: set[Kind]) -> Iterator[int]:
        """Yield the places next to the bar; spaces may stand between."""
        found = False
        for index in indexes:
            if self._tokens[index].kind in kinds:
                found = True
                yield index
            elif found or self._tokens[index].text != " ":
                return

    def show(self, value: Decimal) -> str:
        """Return a number that is not negative as text."""
        whole, above, below = self._divided(value)
        texts: dict[int, str] = {}
        if self._whole:
            alone = not above
            digits = str(whole) if whole else ""
            texts = dict(zip(self._whole, whole_digits(self._at(self._whole), digits), strict=True))
            if alone and "0" not in self._at(self._above):
                texts[self._whole[-1]] = texts[self._whole[-1]] or "0"
                texts.update(dict.fromkeys(range(self._whole[-1] + 1, self._below[-1] + 1), GAP))
                return self._joined(texts)
            if not any(text.isdigit() for text in texts.values()):
                texts.update(dict.fromkeys(range(self._whole[-1] + 1, self._above[0]), GAP))
        digits = str(above) if above else "0"
        texts.update(zip(self._above, whole_digits(self._at(self._above), digits), strict=True))
        texts.update(dict.fromkeys(self._below, "") | {self._below[0]: self._denominator_text(below)})
        return self._joined(texts)

    def _divided(self, value: Decimal) -> tuple[int, int, int]:
        whole = int(value)
        if self._denominator:
            below = self._denominator
            above = floor(rounded((value - whole) * below, 0))
        else:
            above, below = _near(float(value) - whole, 10 ** len(self._below) - 1)
        if not self._whole:
            whole, above = 0, above + whole * below
        return (whole + 1, 0, below) if self._whole and above == below else (whole, above, below)

    def _denominator_text(self, below: int) -> str:
        forced = all(self._tokens[index].text == "0" for index in self._below)
        return str(below).zfill(len(self._below) if forced else 0)

    def _joined(self, texts: dict[int, str]) -> str:
        kept = (
            texts.get(index, GAP if token.kind is Kind.GAP else token.text)
            for index, token in enumerate(self._tokens)
        )
        return "".join(kept)

    def _at(self, indexes: list[int]) -> list[str]:
        return [self._tokens[index].text for index in indexes]


def _near(rest: float, limit: int) -> tuple[int, int]:
    """Return the last fraction of the continued one whose denominator is not above the limit, as Excel does."""
    before, last = (1, 0), (0, 1)
    while rest:
        rest = 1 / rest
        step = int(rest)
        rest -= step
        following = (step * last[0] + before[0], step * last[1] + before[1])
        if following[1] > limit:
            break
        before, last = last, following
    return last
