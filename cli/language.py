"""Italian or English, by LANG: what people read is translated where it is shown, and nowhere else.

Data has no language: what programs read (`--json`, pipes, Redis, logs) never comes through here.
"""

import gettext
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cli.catalogue import Catalogue

ENGLISH, ITALIAN = "en", "it"
LOCALE = Path(__file__).parent / "locale"


def language(environment: Mapping[str, str] = os.environ) -> str:
    """As gettext chooses: LC_ALL, LC_MESSAGES or LANG names the locale; unless it is C, LANGUAGE may list others."""
    locale = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "C")
    if _code(locale) in ("C", "POSIX"):
        return ENGLISH
    wanted = map(_code, (environment.get("LANGUAGE") or locale).split(":"))
    return next((one for one in wanted if one in (ENGLISH, ITALIAN)), ENGLISH)


def translated(text: str) -> str:
    """A sentence for the person who reads it; English where no translation is known."""
    return _italian().translated(text) if language() == ITALIAN else text


def in_italian(text: str) -> str:
    """Return a sentence of a document that is Italian whatever `LANG` says; English where no translation is known."""
    return _italian().translated(text)


def let_click_speak() -> None:
    """click finds its own words ("Usage:", "Missing option") in our catalogue."""
    if language() == ITALIAN:
        gettext.bindtextdomain("messages", LOCALE)


def _code(locale: str) -> str:
    return re.split(r"[_.@]", locale, maxsplit=1)[0]


@cache
def _italian() -> Catalogue:
    found = gettext.translation("messages", LOCALE, [ITALIAN])
    entries: dict[object, str] = vars(found)["_catalog"]  # gettext shows no other way to all of them
    return Catalogue({source: text for source, text in entries.items() if isinstance(source, str) and source})
