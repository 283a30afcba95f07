"""Subject and body with `{column}` in them: checked once against the columns, then filled for every row. Pure."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from config.texts import _
from producers.campaigns.columns import fold, listed, positions, suggestion
from producers.campaigns.errors import Misused

# Nothing of <style> is a placeholder; neither are braces with nothing, or with braces, in them.
_BRACES = re.compile(r"<style\b.*?</style\s*>|\{\{[^{}]*\}\}|\{[^{}]*\}", re.IGNORECASE | re.DOTALL)
# As mail merge and other programs write it: «nome», <<nome>>, [nome], ${nome}, %nome%.
_OTHER_MARKS = re.compile(
    r"(?:«|&laquo;)(.{1,200}?)(?:»|&raquo;)|(?:<<|&lt;&lt;)(.{1,200}?)(?:>>|&gt;&gt;)"
    r"|[$#]\{(.{1,200}?)\}|\[(.{1,200}?)\]|%(.{1,200}?)%",
    re.DOTALL,
)
_SINGLE_BRACE = re.compile(r"\{([^{}]*)|([^{}]*)\}")  # in what is left between the pairs
_TAG = re.compile(r"<[^>]*>")
_AFTER_NAME = re.compile(r"[:;!.\[]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Template:
    """Texts, and between each two of them a column by its position."""

    texts: tuple[str, ...]
    places: tuple[int, ...]

    @property
    def used(self) -> tuple[int, ...]:
        """Return each used column once."""
        return tuple(dict.fromkeys(self.places))

    def fill(self, values: Sequence[str]) -> str:
        """Return a filled subject. HTML's names of braces work here too, so that a brace can be written."""
        texts = tuple(text.replace("&#123;", "{").replace("&#125;", "}") for text in self.texts)
        return "".join(Template(texts, self.places)._parts([values[place] for place in self.places]))

    def fill_html(self, values: Sequence[str]) -> str:
        """Return filled HTML. Values are text: they are escaped, and their line breaks are kept."""
        return "".join(self._parts([_as_html(values[place]) for place in self.places]))

    def _parts(self, values: list[str]) -> Iterator[str]:
        yield self.texts[0]
        for value, text in zip(values, self.texts[1:], strict=True):
            yield value
            yield text


def compile_template(text: str, header: Sequence[str], where: str) -> Template:
    """Return the template, which `where` names to people. Raise Misused if a placeholder is no column."""
    _check_marks(text, header, where)
    _check_single_braces(text, header, where)
    texts, places, start = [], [], 0
    for found in _BRACES.finditer(text):
        place = _place(found[0], header, where)
        if place is not None:
            texts.append(text[start : found.start()])
            places.append(place)
            start = found.end()
    return Template((*texts, text[start:]), tuple(places))


def _check_marks(text: str, header: Sequence[str], where: str) -> None:
    """Raise Misused if a column's name stands in the marks of another program, which the recipient would see."""
    known = positions(header)
    for found in _OTHER_MARKS.finditer(text):
        inside = next(filter(None, found.groups()))
        name = " ".join(html.unescape(_TAG.sub("", inside)).removeprefix("MERGEFIELD").split())
        if fold(name) in known and not inside.startswith((" ", "\xa0")):
            shown = html.unescape(_TAG.sub("", found[0]))
            raise Misused(
                _(
                    "{template}: write {{{name}}} in braces, not {marks}. Where the marks are meant, "
                    "put a space after the first one"
                ).format(template=where, name=name, marks=shown)
            )


def _check_single_braces(text: str, header: Sequence[str], where: str) -> None:
    """Raise Misused if a column's name has a brace on one side only, which the recipient would see."""
    names = [name for name in header if name]
    for found in (brace for piece in _BRACES.split(text) for brace in _SINGLE_BRACE.finditer(piece)):
        after, before = (fold(html.unescape(_TAG.sub(" ", side or ""))) for side in found.groups())
        for name in names:
            word = re.escape(fold(name))
            if re.match(rf"{word}(?!\w)", after) or re.search(rf"(?<!\w){word}$", before):
                raise Misused(
                    _(
                        "{template}: write {{{name}}}, with a brace on both sides. "
                        "Where a brace is meant, write &#123; or &#125;"
                    ).format(template=where, name=name)
                )


def _as_html(value: str) -> str:
    return _LINE_BREAK.sub("<br>", html.escape(value))


def _place(found: str, header: Sequence[str], where: str) -> int | None:
    """Return the column of a placeholder; None if it is text."""
    if found.startswith("<"):
        return None
    known = positions(header)
    inside = html.unescape(found.strip("{}"))
    name = fold(inside)
    if name and found.startswith("{{"):
        raise Misused(
            _("{where}: write {{{name}}}, in single braces").format(where=where, name=inside.strip())
        )
    if not name or name in known:
        return known.get(name)
    if (plain := fold(_TAG.sub("", inside))) in known:
        raise Misused(
            _("{where}: there are tags inside of {{{name}}}: type it again in one go, without format").format(
                where=where, name=plain
            )
        )
    _check_text(inside, header, where)
    return None


def _check_text(inside: str, header: Sequence[str], where: str) -> None:
    """Raise Misused for braces around a text that is no column's name. Styles are allowed."""
    name = _AFTER_NAME.split(inside)[0].strip()
    if fold(name) in positions(header):
        raise Misused(
            _("{where}: write {{{name}}}, with nothing else in the braces").format(where=where, name=name)
        )
    if ":" not in inside and ";" not in inside:
        near = suggestion(inside, header)
        raise Misused(
            _(
                "{where}: {{{name}}} is no column{hint}; the columns are: {names}. "
                "Where a brace is meant, write &#123;"
            ).format(where=where, name=inside.strip(), hint=near, names=listed(header))
        )
