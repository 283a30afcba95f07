"""Reads what a workbook says of its cells: the number format of each style, and whether results are to be computed."""

from typing import Any
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from openpyxl.xml.constants import SHEET_MAIN_NS, STYLES_TYPE
from openpyxl.xml.functions import fromstring

from producers.campaigns.spreadsheet.number_format.builtin import BUILTIN

_SPACE = f"{{{SHEET_MAIN_NS}}}"
_TRUE = ("1", "true")
_UNKNOWN = "[{}]"  # which no format looks like, so that its cells are refused


def number_formats(archive: ZipFile, package: Any) -> list[str]:
    """Return the format of each style, by its number in the cells."""
    part = package.find(STYLES_TYPE)
    if part is None:
        return []
    root: Element = fromstring(archive.read(part.PartName.lstrip("/")))
    own = {
        int(one.get("numFmtId", "0")): one.get("formatCode", "")
        for one in root.iterfind(f"{_SPACE}numFmts/{_SPACE}numFmt")
    }
    formats = {**BUILTIN, **own}
    numbers = (int(one.get("numFmtId", "0")) for one in root.iterfind(f"{_SPACE}cellXfs/{_SPACE}xf"))
    return [_named(formats.get(number, _UNKNOWN.format(number))) for number in numbers]


def computes_anew(archive: ZipFile, part: str) -> bool:
    """Return whether a program computes all formulas when it opens the file, so that no result need be in it."""
    root: Element = fromstring(archive.read(part))
    settings = root.find(f"{_SPACE}calcPr")
    return settings is not None and settings.get("fullCalcOnLoad") in _TRUE


def _named(code: str) -> str:
    return code if code and code.lower() != "general" else "General"
