"""Says what a file is that can't be read as a table, by its first bytes, with the remedy."""

import re
from mmap import ACCESS_READ, mmap
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from config.texts import _

_ZIP, _CONTAINER = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ENCRYPTED, _WORD = (name.encode("utf-16-le") for name in ("EncryptedPackage", "WordDocument"))
_START_BYTES = 1 << 12
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|html|head|body|meta|table|style|div)\b", re.IGNORECASE
)

_SAVE_AS = _("open it in Excel and save it as .xlsx or CSV")
_COPY = _("copy its table into Excel, and save it as .xlsx or CSV")


def read_start(path: Path) -> bytes:
    """Return the first bytes. Raise OSError."""
    with path.open("rb") as file:
        return file.read(_START_BYTES)


def is_workbook(start: bytes) -> bool:
    return start.startswith(_ZIP)


def refusal(path: Path, start: bytes) -> str | None:
    """Return what the file is and what to do, or None if it may be a table. Raise OSError."""
    if start.startswith(_CONTAINER):
        return _of_container(path)
    if is_workbook(start):
        return _of_archive(path)
    if start.startswith(b"%PDF-"):
        return _("{path} is a PDF: {remedy}").format(path=path.name, remedy=_COPY)
    if start.startswith(b"{\\rtf"):
        return _("{path} is an RTF text: {remedy}").format(path=path.name, remedy=_COPY)
    if _MARKUP.match(start):
        return _("{path} is a web page or XML, whatever its name says: {remedy}").format(
            path=path.name, remedy=_SAVE_AS
        )
    return None


def _of_container(path: Path) -> str:
    """Say why a file in the container of Office until 2003, or of encrypted files until today, can't be read."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        if content.find(_ENCRYPTED) >= 0:
            return _("{path} has a password: open it in Excel, remove the password and save it").format(
                path=path.name
            )
        if content.find(_WORD) >= 0:
            return _("{path} is a Word document: {remedy}").format(path=path.name, remedy=_COPY)
    return _("{path} is an old Excel file (.xls): {remedy}").format(path=path.name, remedy=_SAVE_AS)


def _of_archive(path: Path) -> str | None:
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except BadZipFile:
        return None
    if names[:1] == ["mimetype"]:
        return _("{path} is an OpenDocument file (.ods): save it as .xlsx or CSV").format(path=path.name)
    if "xl/workbook.bin" in names:
        return _("{path} is a binary Excel file (.xlsb): {remedy}").format(path=path.name, remedy=_SAVE_AS)
    if "word/document.xml" in names:
        return _("{path} is a Word document: {remedy}").format(path=path.name, remedy=_COPY)
    if any(name.endswith(".iwa") for name in names):
        return _("{path} is a Numbers file: export it as .xlsx or CSV").format(path=path.name)
    if "[Content_Types].xml" not in names:
        return _("{path} is an archive (.zip): unpack it, and name the spreadsheet in it").format(
            path=path.name
        )
    return None
