"""Italian and English, by the user's choice: the console's own catalogue, and that of the texts it shares."""

from collections.abc import Sequence
from functools import cache
from gettext import GNUTranslations, NullTranslations, translation
from pathlib import Path

from config.texts import Text
from pec.names import State
from pec.users import ROLE_NAMES, Role

ITALIAN, ENGLISH = "it", "en"
LANGUAGES = (ITALIAN, ENGLISH)
DOMAIN = "console"
LOCALE = Path(__file__).parent / "locale"
SHARED_DOMAIN = "pec"
SHARED_LOCALE = (
    Path(__file__).parents[1] / "cli" / "locale"
)  # reasons, states, remedies: written once for all


@cache
def entries(language: str) -> NullTranslations:
    """Return the catalogue of a language: the console's words win over the shared ones."""
    if language == ENGLISH:
        return NullTranslations()
    own: GNUTranslations = translation(DOMAIN, LOCALE, [language])
    own.add_fallback(translation(SHARED_DOMAIN, SHARED_LOCALE, [language]))
    return own


def translated(language: str, value: object) -> object:
    """Return a text, a state or a role in a language. Leave data, which is no text, unchanged."""
    if isinstance(value, Text):
        return value.translated(entries(language))
    if isinstance(value, State):
        return entries(language).gettext(value)
    if isinstance(value, Role):
        return ROLE_NAMES[value].translated(entries(language))
    return value


def preferred(cookie: str | None, accepted: str) -> str:
    """Return the language that a browser chose, or the first of ours that it accepts, or Italian."""
    if cookie in LANGUAGES:
        return str(cookie)
    return next((one for one in _codes(accepted) if one in LANGUAGES), ITALIAN)


def _codes(accepted: str) -> Sequence[str]:
    return [part.split(";")[0].strip()[:2].lower() for part in accepted.split(",")]
