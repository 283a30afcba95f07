"""Show a number under the format General: all of its 15 digits, however narrow the column is."""

from decimal import Decimal

from producers.campaigns.spreadsheet.number_format.decimals import parts

_PLAIN_FROM, _PLAIN_BELOW = -9, 21  # powers of ten; beyond them Excel's own input line is scientific too


def general(value: Decimal) -> str:
    """Return a number that is not negative as text."""
    value = value.normalize()
    exponent = value.adjusted()
    if value and not _PLAIN_FROM <= exponent < _PLAIN_BELOW:
        return f"{_plain(value.scaleb(-exponent))}E{exponent:+03d}"
    return _plain(value)


def _plain(value: Decimal) -> str:
    whole, fraction = parts(value)
    return (whole or "0") + (f",{fraction}" if fraction else "")
