"""The PDF of a report can be drawn, whatever other people wrote."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from archive.report.pdf_file import write_pdf
from tests.unit.archive.report.hostile import HOSTILE, written


@pytest.mark.parametrize("hostile", [*HOSTILE, "x" * 5000, "😀\n\n\tאברהם"])
def test_values_of_any_kind_can_be_drawn(hostile: str) -> None:
    pages = PdfReader(BytesIO(written(hostile, write_pdf))).pages

    assert "Signature" in pages[-1].extract_text()
