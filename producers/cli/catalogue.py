"""Sentences and what they are in another language; knows templates, and neither files nor the environment.

Code writes English, often with values filled in by another process. So a sentence is looked up as it is, then
held against the templates (`{count} held messages wait`), then taken apart at `: `, `; ` and the like.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

HOLE = re.compile(r"\{([a-z_]+)[0-9]*\}")  # {name}, or {name2} where there are several
SEPARATORS = re.compile(r": |; | · |, | (?=\(|and )")
EDGES = re.compile(r"([\s:;,·]*)(.*?)([\s:;,·]*)", re.DOTALL)

# What a hole takes, by its name. Of the rest, what has a space is a sentence of its own and is translated too.
_WORDS = ("state", "word")
_FORMS = {
    "count": r"[-+]?\d[\d.,]*",
    "duration": r"\d+ (?:s|min|h|d)(?: \d+ (?:min|h))?",
    **dict.fromkeys(_WORDS, r"[\w -]+?"),
}


@dataclass(frozen=True)
class Template:
    """A sentence with holes, and its translation, which has the same holes."""

    source: str
    target: str

    @cached_property
    def literals(self) -> list[str]:
        """What stands around the holes."""
        return HOLE.sub("\0", self.source).split("\0")

    @cached_property
    def weight(self) -> int:
        return sum(map(len, self.literals))

    def values(self, text: str) -> dict[str, str] | None:
        """What fills the holes in this text; None where it is another sentence."""
        if not all(literal in text for literal in self.literals):  # spares most patterns
            return None
        found = self._pattern.fullmatch(text)
        return found.groupdict() if found else None

    def filled(self, values: Mapping[str, str]) -> str:
        return HOLE.sub(lambda found: values[found[0][1:-1]], self.target)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        holes = (f"(?P<{one[0][1:-1]}>{_FORMS.get(one[1], '.*?')})" for one in HOLE.finditer(self.source))
        pieces = [re.escape(literal) for literal in self.literals]
        return re.compile(pieces[0] + "".join(map("".join, zip(holes, pieces[1:], strict=True))))


class Catalogue:
    """Translates by entries: a sentence or template, and its translation."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._entries = dict(entries)
        templates = (Template(*pair) for pair in entries.items() if HOLE.search(pair[0]))
        self._templates = sorted(templates, key=lambda one: -one.weight)  # the most literal one counts

    def translated(self, text: str) -> str:
        """Line by line, where the whole has no entry. What is not known stays as it is."""
        return self._entries.get(text) or "\n".join(map(self._line, text.split("\n")))

    def _line(self, text: str) -> str:
        edges = EDGES.fullmatch(text)
        before, core, behind = edges.groups() if edges else ("", text, "")
        return before + (self._known(core) or self._in_parts(core)) + behind

    def _known(self, text: str) -> str | None:
        if text in self._entries:
            return self._entries[text]
        for template in self._templates:
            values = template.values(text)
            if values is not None:
                return template.filled({hole: self._value(hole, one) for hole, one in values.items()})
        return None

    def _value(self, hole: str, text: str) -> str:
        if hole.rstrip("0123456789") in _WORDS:
            return self._entries.get(text, text)
        return self.translated(text) if " " in text else text

    def _in_parts(self, text: str) -> str:
        """The longest part from the start that is known, or the first, and the rest."""
        parts = list(_partings(text))
        if not parts:
            return text
        for head, separator, rest in reversed(parts):
            if " " in head and (found := self._known(head)):
                return found + separator + self._rest(rest)
        head, separator, rest = parts[0]
        return head + separator + self._rest(rest)

    def _rest(self, text: str) -> str:
        return self._line(text) if " " in text else text


def _partings(text: str) -> Iterator[tuple[str, str, str]]:
    for found in SEPARATORS.finditer(text):
        yield text[: found.start()], found[0], text[found.end() :]
