"""The report as one HTML page that prints well: written piece by piece, every value escaped."""

from pathlib import Path
from typing import IO

from jinja2 import Environment, FileSystemLoader

from archive.report.summary import Report
from archive.report.words import Words

_BUFFERED = 200  # pieces of the page a write


def write_html(report: Report, words: Words, file: IO[bytes]) -> None:
    """Write the page. Only a few rows are held at a time."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    environment.filters["css"] = _css
    with_subject = report.summary.subject is None
    page = environment.get_template("page.html").stream(
        title=words.title(report.summary),
        summary=report.summary,
        words=words,
        rows=(
            words.cells(number, line, with_subject=with_subject)
            for number, line in enumerate(report.lines(), 1)
        ),
    )
    page.enable_buffering(_BUFFERED)
    page.dump(file, "utf-8", "replace")


def _css(text: str) -> str:
    """Return the inside of a CSS string: everything that is no plain letter or digit as its number."""
    return "".join(one if one.isalnum() or one == " " else f"\\{ord(one):06x}" for one in text)
