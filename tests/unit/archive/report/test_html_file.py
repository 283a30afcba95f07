"""The page of a report: values that other people wrote stay text."""

import re
from html.parser import HTMLParser

import pytest

from archive.report.html_file import write_html
from tests.unit.archive.report.hostile import HOSTILE, written

HARMLESS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "h1",
    "h2",
    "p",
    "div",
    "ul",
    "li",
    "dl",
    "dt",
    "dd",
}
HARMLESS |= {"table", "thead", "tbody", "colgroup", "col", "tr", "th", "td"}


class _Tags(HTMLParser):
    """Every tag of a page with the names of its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))


def page_of(hostile: str) -> str:
    return written(hostile, write_html).decode()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_values_are_never_markup_style_or_template(hostile: str) -> None:
    page = page_of(hostile)
    found = _Tags(page).found

    assert {tag for tag, _ in found} == HARMLESS
    assert not [name for _, names in found for name in names if name.startswith("on")]
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style.count("{") == style.count("}")
    assert "display: none" not in style
    assert "49" not in page


def test_a_page_asks_nothing_of_any_network() -> None:
    page = page_of("m")

    assert "default-src 'none'" in page
    assert not re.search(r"(src|href|url\()", page.replace("default-src", "").replace("style-src", ""))
