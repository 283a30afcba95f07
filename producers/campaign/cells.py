"""A spreadsheet's value as the clerk sees it in Excel, in Italy. Pure."""

import re
from datetime import date, datetime, time, timedelta

_NUMBER_FORMAT = re.compile(r"(?P<whole>#,##0|0+)(?P<decimals>\.0+)?(?P<percent>%)?")
_LITERAL = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.')  # currency signs, colours, padding
_EXACT_DIGITS = 15  # that a spreadsheet keeps of a number
_CARRIAGE_RETURN = "_x000D_"  # as Excel writes it
_UNSEEN = "\u200b\u200e\u200f\u202a\u202c\u2060\ufeff"  # come along when an address is copied
_AROUND = _UNSEEN + "".join(filter(str.isspace, map(chr, range(0x3001))))


def clean(text: str) -> str:
    """Without white space and invisible characters around it."""
    return text.strip(_AROUND)


def shown(value: object, number_format: str = "General") -> str:
    """A cell's value as text."""
    match value:
        case None:
            return ""
        case bool():
            return "VERO" if value else "FALSO"
        case int() | float():
            return _number(value, number_format)
        case datetime():
            return f"{value:%d/%m/%Y}" + (f" {_clock(value.time())}" if value.time() != time() else "")
        case date():
            return f"{value:%d/%m/%Y}"
        case time():
            return _clock(value)
        case timedelta():
            minutes = round(value.total_seconds()) // 60
            return f"{minutes // 60}:{minutes % 60:02d}"
    return str(value).replace(_CARRIAGE_RETURN, "")


def _clock(at: time) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _number(value: int | float, number_format: str) -> str:
    found = _NUMBER_FORMAT.search(_LITERAL.sub("", number_format.split(";")[0]))
    if found is None:
        return _general(value)
    scaled = value * 100 if found["percent"] else value
    decimals = len(found["decimals"] or ".") - 1
    if found["whole"] == "#,##0":
        text = f"{scaled:,.{decimals}f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    else:
        width = len(found["whole"]) + (decimals + 1 if decimals else 0)
        text = f"{scaled:0{width}.{decimals}f}".replace(".", ",")
    return text + (found["percent"] or "")


def _general(value: int | float) -> str:
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return f"{value:.{_EXACT_DIGITS}g}".replace(".", ",")
