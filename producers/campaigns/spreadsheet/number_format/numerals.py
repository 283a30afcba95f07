"""Show a number in digits: optional and forced ones, thousands, scaling, percent, powers of ten."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from producers.campaigns.spreadsheet.number_format.decimals import parts, rounded, shifted
from producers.campaigns.spreadsheet.number_format.errors import Unshown
from producers.campaigns.spreadsheet.number_format.places import GAP, decimal_digits, whole_digits
from producers.campaigns.spreadsheet.number_format.tokens import Kind, Token

_ALLOWED = {
    *(Kind.LITERAL, Kind.GAP, Kind.DIGIT, Kind.NUMBER, Kind.POINT),
    *(Kind.COMMA, Kind.PERCENT, Kind.EXPONENT),
}


class Numeral:
    """A section of digits. Raise Unshown if they make no number."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        kinds = [token.kind for token in tokens]
        if not _ALLOWED.issuperset(kinds) or kinds.count(Kind.POINT) > 1 or kinds.count(Kind.EXPONENT) > 1:
            raise Unshown
        self._tokens = tokens
        end = kinds.index(Kind.EXPONENT) if Kind.EXPONENT in kinds else len(kinds)
        point = kinds.index(Kind.POINT) if Kind.POINT in kinds else end
        digits = [index for index, kind in enumerate(kinds) if kind is Kind.DIGIT]
        self._whole = [index for index in digits if index < point]
        self._decimals = [index for index in digits if point < index < end]
        self._powers = [index for index in digits if index > end]
        self._exponent = end if end < len(kinds) else None
        self._point = point if point < end else None
        self._grouped, scale = _commas(kinds, self._whole, self._decimals)
        self._shift = 2 * kinds.count(Kind.PERCENT) - 3 * scale
        self._check(kinds, point, end)

    def _check(self, kinds: list[Kind], point: int, end: int) -> None:
        shown = bool(self._whole or self._decimals)
        if point > end or (not shown and self._point is not None):
            raise Unshown
        if self._exponent is not None and not (shown and self._powers):
            raise Unshown

    def show(self, value: Decimal) -> str:
        """Return a number that is not negative as text."""
        value = shifted(value, self._shift)
        if self._exponent is None:
            return self._text(rounded(value, len(self._decimals)), 0)
        return self._text(*self._scientific(value))

    def _scientific(self, value: Decimal) -> tuple[Decimal, int]:
        """Return the mantissa and its exponent, a multiple of the places before the point."""
        if not value:
            return rounded(value, len(self._decimals)), 0
        step, width = max(1, len(self._whole)), len(self._whole)
        exponent = (value.adjusted() + (width == 0)) // step * step
        mantissa = rounded(shifted(value, -exponent), len(self._decimals))
        if mantissa >= 10**width:
            exponent += step
            mantissa = rounded(shifted(value, -exponent), len(self._decimals))
        return mantissa, exponent

    def _text(self, value: Decimal, exponent: int) -> str:
        whole, fraction = parts(value)
        texts = dict(self._placed(self._whole, whole))
        texts.update(zip(self._decimals, decimal_digits(self._at(self._decimals), fraction), strict=True))
        powers = whole_digits(self._at(self._powers), str(abs(exponent)) if exponent else "")
        texts.update(zip(self._powers, powers, strict=True))
        if self._point is not None:
            texts[self._point] = ("" if self._whole else whole) + ","
        if self._exponent is not None:
            sign = "-" if exponent < 0 else self._tokens[self._exponent].text[1].replace("-", "")
            texts[self._exponent] = "E" + sign
        return "".join(texts.get(index, _text(token)) for index, token in enumerate(self._tokens))

    def _placed(self, indexes: list[int], digits: str) -> Iterator[tuple[int, str]]:
        return zip(indexes, whole_digits(self._at(indexes), digits, grouped=self._grouped), strict=True)

    def _at(self, indexes: list[int]) -> list[str]:
        return [self._tokens[index].text for index in indexes]


def _commas(kinds: Sequence[Kind], whole: list[int], decimals: list[int]) -> tuple[bool, int]:
    """Return whether thousands are set apart, and how many times a thousand is left out. Raise Unshown."""
    grouped, scale = False, 0
    for index in (index for index, kind in enumerate(kinds) if kind is Kind.COMMA):
        before = next(place for place in range(index, -2, -1) if place < 0 or kinds[place] is not Kind.COMMA)
        if whole and whole[0] < index < whole[-1]:
            grouped = True
        elif before in (*whole[-1:], *decimals[-1:]):
            scale += 1
        else:
            raise Unshown
    return grouped, scale


def _text(token: Token) -> str:
    return GAP if token.kind is Kind.GAP else "" if token.kind is Kind.COMMA else token.text
