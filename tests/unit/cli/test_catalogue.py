"""The Italian catalogue: complete, current, and true to the sentences it translates."""

import ast
import errno
import os
import re
import tomllib
from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import IO

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from pydantic_core._pydantic_core import list_all_errors

from cli.catalogue import HOLE, Catalogue
from cli.language import LOCALE, translated
from config.texts import joined
from pec.status_codes import MEANINGS
from tests.unit.cli.sentences import ROOT, bare, core_of, sentences, sentences_of

ITALIAN = LOCALE / "it" / "LC_MESSAGES"
OF_REDIS = {  # redis-py's own, and those of the server
    "Error {} connecting to {}. {}.",
    "Timeout connecting to server",
    "Timeout reading from {}",
    "invalid username-password pair or user is disabled.",
    "Authentication required.",
}
PLACEHOLDER = re.compile(r"\{[^{}]*\}|%\(\w+\)s")


def read() -> Catalog:
    with (ITALIAN / "messages.po").open("rb") as file:
        return read_po(file)


def entries() -> list[tuple[str, str]]:
    """Each sentence and its translation; of a plural, both."""
    pairs = []
    for entry in read():
        sources = entry.id if isinstance(entry.id, tuple | list) else (entry.id,)
        texts = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
        pairs += [(source, text or "") for source, text in zip(sources, texts, strict=True) if source]
    return pairs


def test_every_sentence_that_people_may_read_has_an_entry() -> None:
    missing = sentences() - {bare(source) for source, _ in entries()}

    assert sorted(missing) == []


def test_every_entry_is_still_said_by_someone() -> None:
    said = (
        sentences() | set(of_click()) | set(of_pydantic()) | OF_REDIS | set(map(os.strerror, errno.errorcode))
    )

    assert sorted(source for source, _ in entries() if bare(source) not in said and source not in said) == []


def test_every_translation_has_the_holes_of_its_sentence() -> None:
    wrong = [
        source
        for source, text in entries()
        if sorted(PLACEHOLDER.findall(source)) != sorted(PLACEHOLDER.findall(text))
    ]

    assert wrong == []


def test_no_hole_stands_twice_in_a_sentence() -> None:
    for source, _ in entries():
        names = [found[0] for found in HOLE.finditer(source)]
        assert len(names) == len(set(names)), source


def test_what_stands_in_backquotes_stays_as_it_is_typed() -> None:
    wrong = [source for source, text in entries() if quoted(source) != quoted(text)]

    assert wrong == []


def test_no_template_takes_the_sentences_of_another() -> None:
    catalogue = Catalogue(dict(entries()))
    wrong = [
        source
        for source, text in entries()
        if source == core_of(source)
        and "!r" not in source
        and "\n" not in source
        and catalogue.translated(filled(source)) != filled(text)
    ]

    assert wrong == []


def test_the_compiled_catalogue_is_current() -> None:
    made = BytesIO()
    write_mo(made, read())
    made.seek(0)

    with (ITALIAN / "messages.mo").open("rb") as kept:
        assert entries_of(kept) == entries_of(made), "run `make locale`"


def test_the_compiled_catalogue_is_part_of_the_package() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]

    packed = {path for pattern in data["cli"] for path in (ROOT / "cli").glob(pattern)}

    assert ITALIAN / "messages.mo" in packed


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("raise Failure(f'no {x} here: try again', 1)", ["no {} here: try again"]),
        ("note('Done.' if x else 'Not yet.')", ["Done.", "Not yet."]),
        ("def f():\n    'A docstring.'\n    log.info('some event', why='of the log')", []),
        (
            "Reason('lost', f'{n} {\"of us\" if x else \"of them\"} went')",
            ["{} of them went", "{} of us went"],
        ),
        ("Reason('lost', f'it went{f\", and {x} came\" or y}')", ["and {} came", "it went{}"]),
        ("table(('ID', 'STATE'), rows)", ["ID", "STATE"]),
        ("facts([('id', x), ('why', 'so it is')])", ["id", "so it is", "why"]),
        ("Field(1, description='for the docs')", []),
        ("x = 'first line\\nsecond line'", ["first line", "second line"]),
        ("note(_('marked text'))", []),
    ],
)
def test_sentences_are_found_in_source(source: str, found: list[str]) -> None:
    assert sorted(sentences_of(source)) == found


def entries_of(file: IO[bytes]) -> dict[object, str]:
    """Without the header, which tells when it was made."""
    found = dict(vars(GNUTranslations(file))["_catalog"])
    found.pop("")
    return found


def quoted(text: str) -> list[str]:
    return sorted(re.findall("`[^`]*`", text))


def filled(text: str) -> str:
    """With a value in each hole that fits its kind and says nothing."""
    values = {"count": "7", "duration": "8 min", "state": "x", "word": "x"}
    return HOLE.sub(lambda found: values.get(found[1], f"<{found[0][1:-1]}>"), text)


def of_click() -> Iterator[str]:
    """What click hands to gettext."""
    for path in Path(click.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="_" | "ngettext"), args=arguments):
                    yield from (str(one.value) for one in arguments if isinstance(one, ast.Constant))
    yield from ("required",)  # a key of its help


def of_pydantic() -> Iterator[str]:
    for kind in list_all_errors():
        yield re.sub(r"\{\w+\}", "{}", kind["message_template_python"])


def test_every_meaning_of_a_status_code_is_said_in_italian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")
    said = {
        str(meaning): translated(joined(": ", ("x happened to y", meaning))) for meaning in MEANINGS.values()
    }

    assert said["the mailbox is full"].endswith(": la casella è piena")
    assert not [meaning for meaning, italian in said.items() if italian.endswith(meaning)]
