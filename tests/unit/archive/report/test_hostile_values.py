"""The pages of a report: what other people wrote stays text, in HTML and PDF."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from typing import IO

import pytest
from pypdf import PdfReader

from archive.case_files import CaseFile
from archive.report.html_file import write_html
from archive.report.pdf_file import write_pdf
from archive.report.summary import Report, Summary, gathered
from archive.report.words import Words
from pec.messages import Reason
from pec.names import State
from tests.unit.cli.builders import NOW, message

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
HOSTILE = (
    "<script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    '"; } body { display: none } </style><svg onload=alert(1)>',
    "{{ 7 * 7 }}{% include 'x' %}",
    "\u202egnp.exe\udc80\x00",
)


class _Tags(HTMLParser):
    """Every tag of a page with the names of its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))


def written(hostile: str, write: Callable[[Report, Words, IO[bytes]], None]) -> bytes:
    """Return a report with this value at every place of a foreign value."""
    one = message(
        State.FAILED,
        id=hostile,
        account=hostile,
        recipients=(hostile,),
        subject=hostile,
        code=hostile,
        reason=Reason("invalid", hostile),
    )
    summary = Summary(batch=hostile, made_at=NOW)
    with gathered([CaseFile(one, ()), CaseFile(replace(one, subject="another"), ())], summary) as report:
        summary.senders[hostile] = hostile
        file = BytesIO()
        write(report, Words(str), file)
    return file.getvalue()


def page_of(hostile: str) -> str:
    return written(hostile, write_html).decode()


@pytest.mark.parametrize("hostile", [*HOSTILE, "x" * 5000, "😀\n\n\tאברהם"])
def test_values_of_any_kind_can_be_drawn(hostile: str) -> None:
    pages = PdfReader(BytesIO(written(hostile, write_pdf))).pages

    assert "Signature" in pages[-1].extract_text()


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
