"""Name months and days in the languages of Italy's regions, and English."""

import re
from typing import NamedTuple

from producers.campaigns.spreadsheet.number_format.errors import Unshown

ITALIAN = "it"
_PRIMARY = {0x00: ITALIAN, 0x07: "de", 0x09: "en", 0x0C: "fr", 0x10: ITALIAN}  # of Microsoft's numbers
_TAG = re.compile(r"(?P<language>[a-z]{2,3})(-[a-z0-9]+)*", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[0-9a-f]{1,8}", re.IGNORECASE)
_USUAL = (0, 1)  # of calendars and of digits: Gregorian, Western


class Names(NamedTuple):
    """Months from January, days from Sunday."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]


def _names(months: str, short_months: str, days: str, short_days: str) -> Names:
    return Names(*(tuple(words.split()) for words in (months, short_months, days, short_days)))


_NAMES = {
    "it": _names(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "gen feb mar apr mag giu lug ago set ott nov dic",
        "domenica lunedì martedì mercoledì giovedì venerdì sabato",
        "dom lun mar mer gio ven sab",
    ),
    "en": _names(
        "January February March April May June July August September October November December",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "Sunday Monday Tuesday Wednesday Thursday Friday Saturday",
        "Sun Mon Tue Wed Thu Fri Sat",
    ),
    "de": _names(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
        "Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag",
        "So Mo Di Mi Do Fr Sa",
    ),
    "fr": _names(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        "dimanche lundi mardi mercredi jeudi vendredi samedi",
        "dim. lun. mar. mer. jeu. ven. sam.",
    ),
}


def names_in(language: str) -> Names:
    """Return the names in a language. Raise Unshown if it is not one of ours."""
    if language not in _NAMES:
        raise Unshown
    return _NAMES[language]


def language_of(mark: str) -> str:
    """Return the language of a mark such as `410` or `it-IT`. Raise Unshown for other calendars and digits."""
    mark = mark.split(",")[0]
    if mark.lower().startswith("x-"):
        return ITALIAN
    if _HEXADECIMAL.fullmatch(mark):
        number = int(mark, 16)
        if number >> 24 not in _USUAL or number >> 16 & 0xFF not in _USUAL:
            raise Unshown
        return _PRIMARY.get(number & 0x3FF, f"{number:x}")
    if tag := _TAG.fullmatch(mark):
        return tag["language"].lower()
    raise Unshown
