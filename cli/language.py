"""Italian or English, by LANG: what people read is translated where it is printed, and nowhere else.

Data has no language: what programs read (`--json`, Redis, logs) never comes through here.
"""

import gettext
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cli.catalogue import Catalogue
from config.texts import Text

ENGLISH, ITALIAN = "en", "it"
DOMAIN = "pec"  # ours; click asks for its words in the domain "messages"
LOCALE = Path(__file__).parent / "locale"


def language(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language that gettext chooses.

    LC_ALL, LC_MESSAGES or LANG names the locale; unless it is C, LANGUAGE may list others.
    """
    locale = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "C")
    if _code(locale) in ("C", "POSIX"):
        return ENGLISH
    wanted = map(_code, (environment.get("LANGUAGE") or locale).split(":"))
    return next((one for one in wanted if one in (ENGLISH, ITALIAN)), ENGLISH)


def translated(text: str) -> str:
    """Return a text in the language of the person who reads it; English if no translation is known."""
    return in_italian(text) if language() == ITALIAN else text


def in_italian(text: str) -> str:
    """Return a text of a document that is Italian whatever `LANG` says; English if no translation is known."""
    if isinstance(text, Text):
        return text.translated(_entries(), _finished)
    return _finished(text)


def _finished(text: str) -> str:
    """Return an English sentence that does not say how it was made in Italian."""
    found = _entries().gettext(text) if text else text
    return found if found != text else _italian().translated(text)


def let_click_speak() -> None:
    """Let click find its own words ("Usage:", "Missing option") in our catalogue."""
    if language() == ITALIAN:
        gettext.bindtextdomain("messages", LOCALE)


def _code(locale: str) -> str:
    return re.split(r"[_.@]", locale, maxsplit=1)[0]


@cache
def _entries() -> gettext.GNUTranslations:
    return gettext.translation(DOMAIN, LOCALE, [ITALIAN])


@cache
def _italian() -> Catalogue:
    entries: dict[object, str] = vars(gettext.translation("messages", LOCALE, [ITALIAN]))[
        "_catalog"
    ]  # gettext shows no other way to all of them
    return Catalogue({source: text for source, text in entries.items() if isinstance(source, str) and source})
