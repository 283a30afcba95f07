"""The Italian catalogue: complete, current, and true to the texts it translates."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from cli.language import DOMAIN, LOCALE

ROOT = Path(__file__).parents[3]
ITALIAN = LOCALE / "it" / "LC_MESSAGES"
EXTRACT = (
    *("-m", "babel.messages.frontend", "--quiet", "extract", "--mapping-file", "pyproject.toml"),
    *("--ignore-dirs", "tests bench build .*"),
)


def read() -> Catalog:
    with (ITALIAN / f"{DOMAIN}.po").open("rb") as file:
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


def test_what_stands_in_backquotes_stays_as_it_is_typed() -> None:
    wrong = [one for entry in entries() for one, text in forms(entry) if quoted(one) != quoted(text)]

    assert wrong == []


def test_the_catalogue_holds_the_texts_of_the_source_and_no_others(tmp_path: Path) -> None:
    template = tmp_path / "texts.pot"
    subprocess.run([sys.executable, *EXTRACT, "--output-file", template, "."], cwd=ROOT, check=True)
    with template.open("rb") as file:
        extracted = {entry.id for entry in read_po(file) if entry.id}

    assert {entry.id for entry in entries()} == extracted, "run `make locale`"


def test_the_compiled_catalogue_is_current() -> None:
    made = BytesIO()
    write_mo(made, read())
    made.seek(0)

    with (ITALIAN / f"{DOMAIN}.mo").open("rb") as kept:
        assert compiled(kept) == compiled(made), "run `make locale`"


def test_the_compiled_catalogues_are_part_of_the_package() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]

    packed = {path for pattern in data["cli"] for path in (ROOT / "cli").glob(pattern)}

    assert {ITALIAN / f"{DOMAIN}.mo", ITALIAN / "messages.mo"} <= packed


def fields(text: str) -> list[str]:
    return sorted(set(re.findall(r"\{[a-z_0-9]*\}", text)))


def quoted(text: str) -> list[str]:
    return sorted(re.findall("`[^`]*`", text))


def compiled(file: IO[bytes]) -> dict[object, str]:
    """All entries but the header, which says when it was made."""
    found = dict(vars(GNUTranslations(file))["_catalog"])
    found.pop("")
    return found
