"""What docs/security.md calls tested has its test."""

import re

from tests.unit.docs.pages import PAGES, ROOT


def test_every_test_that_the_page_names_exists() -> None:
    page = PAGES["docs/security.md"]
    named = set(re.findall(r"`(test_\w+)`", page))
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert len(named) > 10
    assert named - written == set()
    assert all((ROOT / place).exists() for place in re.findall(r"`(tests/[\w/.]+)`", page))
