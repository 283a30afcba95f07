"""Exact decimals as a spreadsheet keeps them: 15 digits, half rounded away from zero."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from math import isfinite

from producers.campaigns.spreadsheet.number_format.errors import Unshown

EXACT_DIGITS = 15
_SHORT = Context(prec=EXACT_DIGITS, rounding=ROUND_HALF_UP)
_WIDE = Context(prec=1000, rounding=ROUND_HALF_UP)  # the greatest number has 309 digits before the point
_ONE = Decimal(1)


def decimal_of(value: float) -> Decimal:
    """Return the number that a person typed to get this value. Raise Unshown if it is none, or infinite."""
    if not isfinite(value):
        raise Unshown
    return _SHORT.create_decimal(repr(value))


def rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(_ONE.scaleb(-decimals), context=_WIDE)


def floor(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_FLOOR))


def shifted(value: Decimal, places: int) -> Decimal:
    """Return the value times ten to the power of `places`."""
    return value.scaleb(places, context=_WIDE)


def times(value: Decimal, factor: int) -> Decimal:
    return _WIDE.multiply(value, Decimal(factor))


def parts(value: Decimal) -> tuple[str, str]:
    """Return the digits before the point, none for 0, and those after it."""
    whole, _, fraction = f"{value:f}".partition(".")
    return whole.lstrip("0"), fraction
