"""The Italian catalogue: complete, current, and true to the texts it translates."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import IO, TypeGuard

import click
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from cli.language import DOMAIN, LOCALE

ROOT = Path(__file__).parents[3]
SPEAKING = ("archive", "cli", "config", "pec", "producers", "sandbox", "workers")
ITALIAN = LOCALE / "it" / "LC_MESSAGES"
EXTRACT = (
    *("-m", "babel.messages.frontend", "--quiet", "extract", "--mapping-file", "pyproject.toml"),
    *("--ignore-dirs", "tests bench build console .*"),
)


def read(domain: str = DOMAIN) -> Catalog:
    with (ITALIAN / f"{domain}.po").open("rb") as file:
        return read_po(file, locale="it")


def entries() -> list[Message]:
    return [entry for entry in read() if entry.id]


def forms(entry: Message) -> Iterator[tuple[str, str]]:
    """Each form of a text and its translation."""
    ids = entry.id if isinstance(entry.id, tuple | list) else (entry.id,)
    texts = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
    yield from zip(ids, texts, strict=True)


def test_every_text_is_translated_and_none_is_a_guess() -> None:
    assert [entry.id for entry in entries() if entry.fuzzy or not all(text for _, text in forms(entry))] == []


def test_a_translation_has_the_fields_of_its_text() -> None:
    wrong = [one for entry in entries() for one, text in forms(entry) if fields(one) != fields(text)]

    assert wrong == []


def test_what_stands_in_backquotes_is_not_translated() -> None:
    wrong = [one for entry in entries() for one, text in forms(entry) if quoted(one) != quoted(text)]

    assert wrong == []


def test_the_catalogue_holds_the_texts_of_the_source_and_no_others(tmp_path: Path) -> None:
    template = tmp_path / "texts.pot"
    subprocess.run([sys.executable, *EXTRACT, "--output-file", template, "."], cwd=ROOT, check=True)
    with template.open("rb") as file:
        extracted = {entry.id for entry in read_po(file) if entry.id}

    assert {entry.id for entry in entries()} == extracted, "run `make locale`"


@pytest.mark.parametrize(
    ("source", "faulty"),
    [
        ("_(f'no {x}')", True),
        ("f'{_(\"no\")}'", True),  # Python 3.11 shows it to no tool that reads tokens
        ("ngettext('one', f'{x}', 2)", True),
        ("_(text)", True),
        ("_('no ' + x)", True),
        ("_('no {x}').format(x=f'{y}')", False),
        ("_('a' 'b')", False),
    ],
)
def test_a_mark_around_what_babel_can_t_read_is_found(source: str, faulty: bool) -> None:
    assert bool(list(unreadable(source))) is faulty


@pytest.mark.parametrize("top", SPEAKING)
def test_a_mark_is_around_a_literal_and_in_no_f_string(top: str) -> None:
    faulty = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / top).rglob("*.py")
        if "from config.texts import" in (source := path.read_text(encoding="utf-8"))
        for line in unreadable(source)
    ]

    assert faulty == []


@pytest.mark.parametrize(
    ("source", "faulty"),
    [
        ("_('{count} messages').format(count=x)", True),
        ("_('of {count}: ' 'more')", True),
        ("ngettext('{count} message', '{count} messages', x).format(count=x)", False),
        ("_('line {line}').format(line=x)", False),
        ("Text('{count}')", False),
    ],
)
def test_a_count_that_is_marked_without_its_forms_is_found(source: str, faulty: bool) -> None:
    assert bool(list(uncounted(source))) is faulty


@pytest.mark.parametrize("top", SPEAKING)
def test_a_text_with_a_count_has_a_form_for_one_and_a_form_for_several(top: str) -> None:
    """A number that has no forms (of a line, a limit, seconds) has a field of another name."""
    faulty = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / top).rglob("*.py")
        if "from config.texts import" in (source := path.read_text(encoding="utf-8"))
        for line in uncounted(source)
    ]

    assert faulty == []


def test_the_words_of_click_are_translated_with_their_fields() -> None:
    words = [entry for entry in read("messages") if entry.id]

    assert [one.id for one in words if one.fuzzy] == []
    assert [one for entry in words for one, text in forms(entry) if holes(one) != holes(text)] == []


def test_the_words_of_click_are_apart_from_ours() -> None:
    says = {
        node.value
        for path in Path(click.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }

    assert [one for entry in read("messages") if entry.id for one, _ in forms(entry) if one not in says] == []


@pytest.mark.parametrize("domain", [DOMAIN, "messages"])
def test_the_compiled_catalogue_is_current(domain: str) -> None:
    made = BytesIO()
    write_mo(made, read(domain))
    made.seek(0)

    with (ITALIAN / f"{domain}.mo").open("rb") as kept:
        assert compiled(kept) == compiled(made), "run `make locale`"


def test_the_compiled_catalogues_are_part_of_the_package() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]

    packed = {path for pattern in data["cli"] for path in (ROOT / "cli").glob(pattern)}

    assert {ITALIAN / f"{DOMAIN}.mo", ITALIAN / "messages.mo"} <= packed


def unreadable(source: str) -> Iterator[int]:
    """Yield the lines of marks that Babel does not extract: of no plain literal, or inside an f-string."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="_"), args=given) if not all(map(is_literal, given)):
                yield node.lineno
            case ast.Call(func=ast.Name(id="ngettext"), args=[one, many, *_]) if not (
                is_literal(one) and is_literal(many)
            ):
                yield node.lineno
            case ast.JoinedStr():
                yield from (inner.lineno for inner in ast.walk(node) if is_mark(inner))


def uncounted(source: str) -> Iterator[int]:
    """Yield the lines of marks for one form only, around a text with a count."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="_"), args=[ast.Constant(value=str(text))]) if "{count}" in text:
                yield node.lineno


def is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_mark(node: ast.AST) -> TypeGuard[ast.Call]:
    match node:
        case ast.Call(func=ast.Name(id="_" | "ngettext")):
            return True
    return False


def holes(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^{}]*\}", text))


def fields(text: str) -> list[str]:
    return sorted(set(re.findall(r"\{[a-z_0-9]*\}", text)))


def quoted(text: str) -> list[str]:
    return sorted(re.findall("`[^`]*`", text))


def compiled(file: IO[bytes]) -> dict[object, str]:
    """All entries but the header, which says when it was made."""
    found = dict(vars(GNUTranslations(file))["_catalog"])
    found.pop("")
    return found
