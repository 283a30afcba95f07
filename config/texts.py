"""Texts for people: English strings that remember how they were made, so that a reader's language can be chosen last.

`_` and `ngettext` mark a text where it is written, and Babel extracts it from there. The text is English for every
program that reads it (`--json`, Redis, logs). The command line translates it when it prints.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Protocol, Self


class Entries(Protocol):
    """A catalogue, as `gettext` gives it."""

    def gettext(self, message: str, /) -> str:
        """Return the translation of a text."""

    def ngettext(self, msgid1: str, msgid2: str, n: int, /) -> str:
        """Return the translation of a text that depends on a count."""


class Text(str):
    """An English text with the entry of the catalogue and the values it was made of."""

    _msgid: str
    _plural: str | None
    _count: int
    _values: Mapping[str, Any] | None

    def __new__(
        cls, msgid: str, plural: str | None = None, count: int = 1, values: Mapping[str, Any] | None = None
    ) -> Self:
        """Without values, braces stay as they are."""
        chosen = msgid if plural is None or count == 1 else plural
        made = super().__new__(cls, chosen if values is None else chosen.format_map(values))
        made._msgid, made._plural, made._count, made._values = msgid, plural, count, values
        return made

    def __str__(self) -> "Text":
        """Return the text itself, so that an exception's `str` stays one."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Text, (self._msgid, self._plural, self._count, self._values)

    def format(self, **values: Any) -> "Text":  # type: ignore[override]  # fields of ours have names
        """Return the text with its fields filled in."""
        return Text(self._msgid, self._plural, self._count, values)

    def counting(self, count: int, **values: Any) -> "Text":
        """Return the form for a count, of a text in a table, with `count` and other fields filled in."""
        return Text(self._msgid, self._plural, count, {"count": count, **values})

    def translated(self, entries: Entries) -> str:
        """Return the text in the language of these entries, and texts among its values too."""
        if self._plural is None:
            chosen = entries.gettext(self._msgid)
        else:
            chosen = entries.ngettext(self._msgid, self._plural, self._count)
        if self._values is None:
            return chosen
        return chosen.format_map({name: _shown(value, entries) for name, value in self._values.items()})


class Joined(Text):
    """Several texts as one, with the same separator between them."""

    _separator: str
    _parts: tuple[str, ...]

    def __new__(cls, separator: str, parts: Iterable[str]) -> Self:
        """Parts that are no texts are data, and stay as they are."""
        listed = tuple(parts)
        made = str.__new__(cls, separator.join(listed))
        made._separator, made._parts = separator, listed
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Joined, (self._separator, self._parts)

    def translated(self, entries: Entries) -> str:
        """Return each part in the language of these entries."""
        return self._separator.join(str(_shown(part, entries)) for part in self._parts)


def _(msgid: str) -> Text:
    """Mark a text for people."""
    return Text(msgid)


def ngettext(singular: str, plural: str, count: int) -> Text:
    """Mark a text that depends on a count."""
    return Text(singular, plural, count)


def joined(separator: str, parts: Iterable[str]) -> Text:
    """Return texts as one text, as `str.join` does."""
    return Joined(separator, parts)


def _shown(value: Any, entries: Entries) -> Any:
    said = str(value) if isinstance(value, Exception) else value
    if isinstance(said, Text):
        return said.translated(entries)
    return entries.gettext(said) if isinstance(said, StrEnum) else said
