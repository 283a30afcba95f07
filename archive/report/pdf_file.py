"""The report as a PDF: drawn row by row, so that ten thousand rows need little memory."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from archive.report.printable import printable
from archive.report.summary import Report
from archive.report.text import wrapped
from archive.report.words import Words

WIDTH, HEIGHT = landscape(A4)
MARGIN, FOOT = 34.0, 44.0
PLAIN, BOLD = "Report", "Report-Bold"
FONTS = Path(__file__).parent / "fonts"
_COLUMNS = (28.0, 180.0, 64.0, 80.0, 80.0, 80.0, 80.0, 182.0)
_LIGHT = 0.4  # a rule between rows
_SIZE, _LEADING, _PADDING = 7.5, 9.5, 8.0
_MAX_LINES = 40  # of a cell, so that a row fits on a page
_PAGES = "pages"  # the form that holds how many there are, known in the end


def write_pdf(report: Report, words: Words, file: IO[bytes]) -> None:
    """Write the whole document."""
    registerFont(TTFont(PLAIN, str(FONTS / "DejaVuSansCondensed.ttf")))
    registerFont(TTFont(BOLD, str(FONTS / "DejaVuSansCondensed-Bold.ttf")))
    canvas = Canvas(file, (WIDTH, HEIGHT), pageCompression=1, lang="it", initialFontName=PLAIN)
    title = words.title(report.summary)
    canvas.setTitle(title)
    canvas.setAuthor(printable(", ".join(filter(None, report.summary.senders.values()))))
    canvas.setSubject(printable(report.summary.batch))
    canvas.setCreator("pecmassiva")
    sheet = _Sheet(canvas, words, title)
    _head(sheet, report, words)
    _table(sheet, report, words)
    _signature(sheet, words.closing(report.summary), words)
    sheet.end()
    canvas.save()


class _Sheet:
    """A page that is written from top to bottom, and the one after it."""

    def __init__(self, canvas: Any, words: Words, title: str) -> None:
        self.canvas, self._words, self._title = canvas, words, title
        self.number = 1
        self.y = HEIGHT - MARGIN

    def needs(self, height: float) -> bool:
        """Begin a new page unless there is room. Return whether it did."""
        if self.y - height >= FOOT:
            return False
        self._foot()
        self.canvas.showPage()
        self.number += 1
        self.y = HEIGHT - MARGIN
        return True

    def text(self, x: float, text: str, font: str = PLAIN, size: float = _SIZE) -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, self.y, text)

    def paragraph(self, text: str, font: str = PLAIN, size: float = 9.0, x: float = MARGIN) -> None:
        for part in wrapped(text, font, size, WIDTH - MARGIN - x):
            self.needs(size * 1.4)
            self.y -= size * 1.4
            self.text(x, part, font, size)

    def rule(self, y: float, weight: float, start: float = MARGIN, end: float = WIDTH - MARGIN) -> None:
        self.canvas.setLineWidth(weight)
        self.canvas.setStrokeGray(0 if weight > _LIGHT else 0.6)
        self.canvas.line(start, y, end, y)

    def end(self) -> None:
        self._foot()
        self.canvas.showPage()
        self.canvas.beginForm(_PAGES, 0, 0, 40, 12)
        self.canvas.setFont(PLAIN, _SIZE)
        self.canvas.drawString(0, 3, str(self.number))
        self.canvas.endForm()

    def _foot(self) -> None:
        page, of = self._words.page()
        right = WIDTH - MARGIN - 24
        self.canvas.setFont(PLAIN, _SIZE)
        [title, *_] = wrapped(self._title, PLAIN, _SIZE, 500)
        self.canvas.drawString(MARGIN, 24, title)
        self.canvas.drawRightString(right, 24, f"{page}{self.number}{of}")
        self.canvas.saveState()
        self.canvas.translate(right, 21)
        self.canvas.doForm(_PAGES)
        self.canvas.restoreState()


def _head(sheet: _Sheet, report: Report, words: Words) -> None:
    sheet.paragraph(words.title(report.summary), BOLD, 15.0)
    sheet.y -= 8
    for name, value in words.facts(report.summary):
        for position, part in enumerate(wrapped(value, PLAIN, 9.0, WIDTH - 2 * MARGIN - 120)):
            sheet.needs(13)
            sheet.y -= 13
            if position == 0:
                sheet.text(MARGIN, name, PLAIN, 9.0)
            sheet.text(MARGIN + 120, part, BOLD, 9.0)
    sheet.y -= 12
    sheet.paragraph(words.totals_title(), BOLD, 10.0)
    *states, total = words.totals(report.summary)
    _total(sheet, words.totals_headings(), BOLD)
    for row in states:
        _total(sheet, row, PLAIN)
    _total(sheet, total, BOLD)
    sheet.y -= 12
    sheet.paragraph(words.missing_title(), BOLD, 10.0)
    for one in words.missing(report.summary):
        sheet.paragraph(f"• {one}")
    sheet.y -= 6
    for one in words.notes():
        sheet.paragraph(one, size=8.0)
    sheet.y -= 14


def _total(sheet: _Sheet, row: Sequence[str], font: str) -> None:
    sheet.needs(14)
    sheet.y -= 13
    state, count, share = row
    sheet.text(MARGIN, state, font, 9.0)
    sheet.canvas.drawRightString(MARGIN + 220, sheet.y, count)
    sheet.canvas.drawRightString(MARGIN + 290, sheet.y, share)
    sheet.rule(sheet.y - 3.5, 0.3, end=MARGIN + 290)


def _table(sheet: _Sheet, report: Report, words: Words) -> None:
    with_subject = report.summary.subject is None
    head = [
        wrapped(one, BOLD, _SIZE, width - _PADDING)
        for one, width in zip(words.headings(report.summary), _COLUMNS, strict=True)
    ]
    sheet.needs(6 * _LEADING)
    _row(sheet, head, BOLD, 0.9)
    for number, line in enumerate(report.lines(), 1):
        cells = [
            _cut(wrapped(text, PLAIN, _SIZE, width - _PADDING))
            for text, width in zip(
                words.cells(number, line, with_subject=with_subject), _COLUMNS, strict=True
            )
        ]
        if sheet.needs(_height(cells)):
            _row(sheet, head, BOLD, 0.9)
        _row(sheet, cells, PLAIN, 0.25)


def _cut(parts: list[str]) -> list[str]:
    return parts if len(parts) <= _MAX_LINES else [*parts[: _MAX_LINES - 1], "…"]


def _height(cells: Sequence[Sequence[str]]) -> float:
    return max(map(len, cells)) * _LEADING + 4


def _row(sheet: _Sheet, cells: Sequence[Sequence[str]], font: str, weight: float) -> None:
    top, x = sheet.y, MARGIN
    for parts, width in zip(cells, _COLUMNS, strict=True):
        sheet.y = top
        for part in parts:
            sheet.y -= _LEADING
            sheet.text(x, part, font)
        x += width
    sheet.y = top - _height(cells)
    sheet.rule(sheet.y, weight)


def _signature(sheet: _Sheet, closing: str, words: Words) -> None:
    sheet.needs(100)
    sheet.y -= 10
    sheet.paragraph(closing)
    sheet.y -= 60
    draw = partial(sheet.rule, sheet.y + 11, 0.7)
    for word, start, end in zip(
        words.signature(), (MARGIN, 250.0, 430.0), (225.0, 405.0, WIDTH - MARGIN), strict=True
    ):
        draw(start=start, end=end)
        sheet.text(start, word, PLAIN, 8.5)
