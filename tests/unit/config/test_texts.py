"""Texts for people: English to every program, and in a reader's language once they are printed."""

import json
import pickle
from enum import StrEnum
from gettext import NullTranslations
from typing import ClassVar

import pytest

from config.texts import Text, _, joined, ngettext


class Italian(NullTranslations):
    """A catalogue of a few entries."""

    ENTRIES: ClassVar = {
        "no {what} here": "qui non c'è {what}",
        "a file": "un file",
        "{count} line is refused": "{count} riga è rifiutata",
        "{count} lines are refused": "{count} righe sono rifiutate",
        "held": "trattenuta",
        "write {column}": "scrivere {column}",
    }

    def gettext(self, message: str) -> str:
        return self.ENTRIES.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


class Word(StrEnum):
    HELD = "held"


REFUSED = ("{count} line is refused", "{count} lines are refused")


@pytest.mark.parametrize(
    ("text", "english", "italian"),
    [
        (_("a file"), "a file", "un file"),
        (_("no {what} here").format(what="x"), "no x here", "qui non c'è x"),
        (_("no {what} here").format(what=_("a file")), "no a file here", "qui non c'è un file"),
        (_("no {what} here").format(what=ValueError(_("a file"))), "no a file here", "qui non c'è un file"),
        (_("no {what} here").format(what=Word.HELD), "no held here", "qui non c'è trattenuta"),
        (ngettext(*REFUSED, 1).format(count=1), "1 line is refused", "1 riga è rifiutata"),
        (ngettext(*REFUSED, 0).counting(1), "1 line is refused", "1 riga è rifiutata"),
        (ngettext(*REFUSED, 0).format(count=0), "0 lines are refused", "0 righe sono rifiutate"),
        (joined("; ", [_("a file"), "data", _("a file")]), "a file; data; a file", "un file; data; un file"),
        (_("write {column}"), "write {column}", "scrivere {column}"),
        (_("unknown to the catalogue"), "unknown to the catalogue", "unknown to the catalogue"),
    ],
)
def test_a_text_is_english_until_it_is_printed(text: Text, english: str, italian: str) -> None:
    assert text == english
    assert json.loads(json.dumps(text)) == english
    assert text.translated(Italian()) == italian


def test_an_exception_keeps_the_text_that_it_was_raised_with() -> None:
    error = str(ValueError(_("no {what} here").format(what="x")))

    assert isinstance(error, Text)
    assert error.translated(Italian()) == "qui non c'è x"


@pytest.mark.parametrize("text", [_("no {what} here").format(what="x"), joined("; ", [_("a file"), "x"])])
def test_a_text_can_be_stored_and_read_again(text: Text) -> None:
    read: Text = pickle.loads(pickle.dumps(text))

    assert read == text
    assert read.translated(Italian()) == text.translated(Italian())
