"""The language of pages that people read: the one that a request asks for. Refusals are English for every client."""

from functools import cache
from gettext import GNUTranslations, translation
from pathlib import Path

from config.texts import Text
from pec.names import State

ENGLISH, ITALIAN = "en", "it"
_LOCALE = Path(__file__).parents[2] / "cli" / "locale"  # the words of `pec proof`, written once


def preferred(accepted: str) -> str:
    """Return the first of our languages in an Accept-Language header, or English."""
    codes = (part.split(";")[0].strip()[:2].lower() for part in accepted.split(","))
    return next((one for one in codes if one in (ENGLISH, ITALIAN)), ENGLISH)


def in_italian(text: str) -> str:
    """Return a text or a state in Italian. Leave data, which is no text, unchanged."""
    if isinstance(text, Text):
        return text.translated(_entries())
    return _entries().gettext(text) if isinstance(text, State) else text


@cache
def _entries() -> GNUTranslations:
    return translation("pec", _LOCALE, [ITALIAN])
