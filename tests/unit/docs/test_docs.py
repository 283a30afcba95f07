"""The documentation says what the code does."""

import re
from pathlib import Path

import pytest

from pec.events import TYPES
from pec.messages import public_fields
from pec.names import State
from pec.schemas import schemas

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRACT = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_json_schemas_are_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == schemas()[name], "run `make docs`"


def test_every_field_of_a_message_is_documented() -> None:
    table = CONTRACT.split("## Fields of")[1]
    documented = {
        name
        for row in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert documented == set(public_fields())


def test_the_picture_of_the_states_shows_each_of_them() -> None:
    picture = README.split("stateDiagram-v2")[1].split("```")[0]
    drawn = set(re.findall(r"\b[a-z]+\b(?= -->)|(?<=--> )[a-z]+", picture))
    assert drawn == {str(state) for state in State}


def test_the_readme_names_every_event() -> None:
    assert all(
        name in README for name in TYPES if not name.startswith("message.") or name == "message.duplicated"
    )


def test_every_page_that_is_linked_exists() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"
