"""Every test that the pages on security and durability name exists."""

import re

import pytest

from tests.unit.docs.pages import PAGES, ROOT


@pytest.mark.parametrize("name", ["docs/security.md", "docs/durability.md"])
def test_every_test_that_the_page_names_exists(name: str) -> None:
    page = PAGES[name]
    named = set(re.findall(r"`(test_\w+)`", page))
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert len(named) > 5
    assert named - written == set()
    assert all((ROOT / place).exists() for place in re.findall(r"`(tests/[\w/.]+)`", page))
