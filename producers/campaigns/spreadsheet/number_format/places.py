"""Put the digits of a number into the places 0, # and ? of a format."""

from collections.abc import Sequence

from producers.campaigns.spreadsheet.number_format.errors import Unshown

GAP = "\0"  # room that a format leaves; it becomes one space, or nothing
_EMPTY = {"0": "0", "#": "", "?": GAP}


def whole_digits(places: Sequence[str], digits: str, *, grouped: bool = False) -> list[str]:
    """Return the text of each place before the point. The first place takes the digits that are too many.

    Raise Unshown if thousands would be set apart behind places that stay empty.
    """
    texts: list[str] = []
    for index, place in enumerate(places):
        power = len(places) - 1 - index
        shown = digits[: len(digits) - power] if index == 0 else digits[-power - 1 : len(digits) - power]
        if power >= len(digits):
            shown = _EMPTY[place]
            if grouped and place != "0" and "0" in places[:index]:
                raise Unshown
        texts.append(_grouped(shown, power) if grouped else shown)
    return texts


def decimal_digits(places: Sequence[str], digits: str) -> list[str]:
    """Return the text of each place after the point; zeros at the end are shown only by a 0."""
    texts, ending = [], True
    for place, digit in zip(reversed(places), reversed(digits), strict=True):
        ending = ending and digit == "0" and place != "0"
        texts.append((GAP if place == "?" else "") if ending else digit)
    return texts[::-1]


def _grouped(digits: str, power: int) -> str:
    """Put a dot behind each digit that stands for a power of a thousand."""
    last = len(digits) - 1 + power
    return "".join(
        digit + "." if (last - index) % 3 == 0 and last > index and digit.isdigit() else digit
        for index, digit in enumerate(digits)
    )
