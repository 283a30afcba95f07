"""Line breaks in a column, and the characters of the fonts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import getFont, registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont

from archive.report.pdf_file import BOLD, FONTS, PLAIN
from archive.report.text import wrapped
from tests.unit.pec.strategies import PATIENT


@pytest.fixture(autouse=True, scope="module")
def _fonts() -> None:
    registerFont(TTFont(PLAIN, str(FONTS / "DejaVuSansCondensed.ttf")))
    registerFont(TTFont(BOLD, str(FONTS / "DejaVuSansCondensed-Bold.ttf")))


@PATIENT
@given(st.text(max_size=300), st.integers(30, 300))
def test_every_line_fits_and_no_letter_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, PLAIN, 7.5, width)

    assert all(stringWidth(line, PLAIN, 7.5) <= width for line in lines)
    assert "".join(lines).replace(" ", "").count("a") == text.count("a")


def test_an_address_breaks_after_a_mark() -> None:
    assert wrapped("avv.lungonomelungonome@pec.example.it", PLAIN, 7.5, 110) == [
        "avv.lungonomelungonome@",
        "pec.example.it",
    ]


def test_fonts_are_small() -> None:
    assert sum(font.stat().st_size for font in FONTS.glob("*.ttf")) < 100_000


def test_words_stay_whole_where_they_can() -> None:
    assert wrapped("uno due tre", PLAIN, 7.5, 36) == ["uno due", "tre"]
    assert len(wrapped("x" * 100, PLAIN, 7.5, 100)) > 1
    assert wrapped("", PLAIN, 7.5, 100) == [""]


@pytest.mark.parametrize("font", [PLAIN, BOLD])
@pytest.mark.parametrize(
    "name",
    [
        "Niccolò Città",
        "Αλέξανδρος Παπαδόπουλος",
        "Дмитрий Щукин",
        "Łukasz Ğüneş Żó",
        "Nguyễn Văn Ánh",
        "€–’“”«»",
    ],
)
def test_the_fonts_have_the_letters_of_european_names(font: str, name: str) -> None:
    glyphs = getFont(font).face.charToGlyph

    assert [one for one in name if one != " " and ord(one) not in glyphs] == []
