"""Templates: no inline script or style, nothing from another host, and every text translated."""

import re
import subprocess
import sys
from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from console.language import DOMAIN, LANGUAGES, LOCALE
from console.rendering import TEMPLATES, environment
from console.static_files import STATIC
from pec.names import State

ROOT = Path(__file__).parents[3]
ITALIAN = LOCALE / "it" / "LC_MESSAGES"
PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
EXTRACT = ("-m", "babel.messages.frontend", "--quiet", "extract", "--mapping-file", "pyproject.toml")


def catalogue() -> Catalog:
    with (ITALIAN / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale="it")


def forms(entry: Message) -> Iterator[tuple[str, str]]:
    ids = entry.id if isinstance(entry.id, tuple | list) else (entry.id,)
    texts = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
    yield from zip(ids, texts, strict=True)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_compiles(name: str, language: str) -> None:
    assert environment(language).get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_a_template_has_no_script_or_style_of_its_own(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")

    assert (
        re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|\|\s*safe", source)
        == []
    )
    assert re.findall(r"https?://", source) == []


def test_no_style_sheet_of_ours_loads_anything_from_elsewhere() -> None:
    for path in STATIC.glob("*.css"):
        assert re.findall(r"url\((?!['\"]?/?[a-z])|@import|https?:", path.read_text(encoding="utf-8")) == []


def test_every_text_is_translated_with_its_fields() -> None:
    entries = [entry for entry in catalogue() if entry.id]

    assert [entry.id for entry in entries if entry.fuzzy or not all(text for _, text in forms(entry))] == []
    assert [
        one
        for entry in entries
        for one, text in forms(entry)
        if set(re.findall(r"\{\w*\}", one)) != set(re.findall(r"\{\w*\}", text))
    ] == []


def test_no_text_of_the_console_is_the_name_of_a_state() -> None:
    """Its own catalogue is asked first, and would give the name another number or gender."""
    assert {str(state) for state in State} & {entry.id for entry in catalogue()} == set()


def test_the_catalogue_holds_the_texts_of_the_source_and_no_others(tmp_path: Path) -> None:
    template = tmp_path / "texts.pot"
    subprocess.run([sys.executable, *EXTRACT, "--output-file", template, "console"], cwd=ROOT, check=True)
    with template.open("rb") as file:
        extracted = {entry.id for entry in read_po(file) if entry.id}

    assert {entry.id for entry in catalogue() if entry.id} == extracted, "run `make locale`"


def test_the_compiled_catalogue_is_current() -> None:
    made = BytesIO()
    write_mo(made, catalogue())
    made.seek(0)
    with (ITALIAN / f"{DOMAIN}.mo").open("rb") as kept:
        assert _compiled(GNUTranslations(kept)) == _compiled(GNUTranslations(made)), "run `make locale`"


def _compiled(found: GNUTranslations) -> dict[object, str]:
    entries = dict(vars(found)["_catalog"])
    entries.pop("")
    return entries
