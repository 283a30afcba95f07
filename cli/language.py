"""Italian or English, by LANG: what people read is translated where it is printed, and nowhere else.

Data has no language: what programs read (`--json`, Redis, logs) never comes through here.
"""

import os
import re
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, bindtextdomain, translation
from pathlib import Path

from config.texts import Text
from pec.names import State

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
    """Return a text in the language of the person who reads it. Leave data, which is no text, unchanged."""
    return in_italian(text) if language() == ITALIAN else text


def in_italian(text: str) -> str:
    """Return a text of a document that is Italian whatever `LANG` says."""
    if isinstance(text, Text):
        return text.translated(_entries())
    return _entries().gettext(text) if isinstance(text, State) else text


def gettext(text: str) -> str:
    """Return a text without a mark, such as click's help, in the language of the person who reads it."""
    return _entries().gettext(text) if text and language() == ITALIAN else text


def let_click_speak() -> None:
    """Let click find its own words ("Usage:", "Missing option") in our catalogue."""
    if language() == ITALIAN:
        bindtextdomain("messages", LOCALE)


def _code(locale: str) -> str:
    return re.split(r"[_.@]", locale, maxsplit=1)[0]


@cache
def _entries() -> GNUTranslations:
    return translation(DOMAIN, LOCALE, [ITALIAN])
