"""A spreadsheet's value as the clerk sees it in Excel, in Italy. Pure."""

from datetime import date, datetime, time, timedelta

from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, to_excel

from producers.campaigns.spreadsheet.number_format.show import GENERAL, show_number, show_text

_DATE = "dd/mm/yyyy"
_CARRIAGE_RETURN = "_x000D_"  # as Excel writes it
_UNSEEN = "\u200b\u200e\u200f\u202a\u202c\u2060\ufeff"  # come along when an address is copied
_AROUND = _UNSEEN + "".join(filter(str.isspace, map(chr, range(0x3001))))


def clean(text: str) -> str:
    """Return a value without white space and invisible characters around it."""
    return text.strip(_AROUND)


def shown(value: object, number_format: str = GENERAL, *, since_1904: bool = False) -> str:
    """Return a cell's value as text. Raise Unshown if its format is unknown or the sheet shows #####."""
    match value:
        case None:
            return ""
        case bool():
            return "VERO" if value else "FALSO"
        case int() | float():
            return show_number(value, number_format, since_1904=since_1904)
        case datetime() | date() | time() | timedelta():
            return _moment(value, number_format, since_1904)
    return show_text(str(value).replace(_CARRIAGE_RETURN, ""), number_format)


def _moment(value: datetime | date | time | timedelta, number_format: str, since_1904: bool) -> str:
    """Return what a workbook stores as a date, not as a number of days."""
    days: float = to_excel(value, MAC_EPOCH if since_1904 else WINDOWS_EPOCH)  # type: ignore[no-untyped-call]
    if number_format == GENERAL:
        number_format = _usual(value)
    return show_number(days, number_format, since_1904=since_1904)


def _usual(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, timedelta):
        return "[h]:mm"
    clock = value if isinstance(value, time) else value.time() if isinstance(value, datetime) else time()
    hours = "hh:mm:ss" if clock.second else "hh:mm"
    if isinstance(value, time):
        return hours
    return _DATE if clock == time() else f"{_DATE} {hours}"
