"""Sentences and what they are in another language; knows templates, and neither files nor the environment.

Code writes English, often with values filled in by another process. So a sentence is looked up as it is, then
held against the templates (`{count} held messages wait`), and taken apart at `: `, `; ` and the like: the reading
by which most of it is known counts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

HOLE = re.compile(r"\{([a-z_]+)[0-9]*\}")  # {name}, or {name2} where there are several
SEPARATORS = re.compile(r": |; | · |, | (?=\(|and )")
EDGES = re.compile(r"([\s:;,·]*)(.*?)([\s:;,·]*)", re.DOTALL)
_MAX_PARTED = 500  # characters: the ways to part a text grow with the square of its length
_MAX_REMEMBERED = 5000  # parts come again in each way, and reasons in each row

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


class Reading(NamedTuple):
    """One way to understand a text: how much of it is known, and what it says then."""

    known: int
    said: str


class Catalogue:
    """Translates by entries: a sentence or template, and its translation."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._entries = dict(entries)
        templates = (Template(*pair) for pair in entries.items() if HOLE.search(pair[0]))
        self._templates = sorted(templates, key=lambda one: -one.weight)  # the first of equal readings counts
        self._read = lru_cache(_MAX_REMEMBERED)(self._read_anew)

    def translated(self, text: str) -> str:
        """Line by line, where the whole has no entry. What is not known stays as it is."""
        return self._read(text).said

    def _read_anew(self, text: str) -> Reading:
        if text in self._entries:
            return Reading(len(text), self._entries[text])
        lines = [self._line(line) for line in text.split("\n")]
        return Reading(sum(line.known for line in lines), "\n".join(line.said for line in lines))

    def _line(self, text: str) -> Reading:
        edges = EDGES.fullmatch(text)
        before, core, behind = edges.groups() if edges else ("", text, "")
        best = max(self._readings_of(core), key=lambda reading: reading.known)
        return Reading(best.known, before + best.said + behind)

    def _readings_of(self, text: str) -> Iterator[Reading]:
        if text in self._entries:
            yield Reading(len(text), self._entries[text])
            return
        for template in self._templates:
            if (values := template.values(text)) is not None:
                found = {hole: self._value(hole, one) for hole, one in values.items()}
                known = template.weight + sum(one.known for one in found.values())
                yield Reading(known, template.filled({hole: one.said for hole, one in found.items()}))
        for separator in SEPARATORS.finditer(text) if len(text) <= _MAX_PARTED else ():
            head, rest = map(self._part, (text[: separator.start()], text[separator.end() :]))
            yield Reading(head.known + rest.known, head.said + separator[0] + rest.said)
        yield Reading(0, text)

    def _value(self, hole: str, text: str) -> Reading:
        if hole.rstrip("0123456789") in _WORDS:
            said = self._entries.get(text)
            return Reading(len(text), said) if said else Reading(0, text)
        return self._part(text)

    def _part(self, text: str) -> Reading:
        """A single word is data, even where we have the same word."""
        return self._read(text) if " " in text else Reading(0, text)
