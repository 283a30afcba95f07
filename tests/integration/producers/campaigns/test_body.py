"""The message's file, as programs save it."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from producers.campaigns.body import body_of, local_pictures
from producers.campaigns.errors import Misused

WORD = '<html><head><meta http-equiv=Content-Type content="text/html; charset={}"></head><p>Perché “no”</p>'


def zipped(name: str, content: str = "x") -> bytes:
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("windows-1252", "cp1252"),
        ("macintosh", "mac_roman"),
        ("iso-8859-1", "cp1252"),
        ("nonsense", "cp1252"),
    ],
)
def test_html_is_read_in_the_encoding_that_it_names_and_sent_as_utf8(
    tmp_path: Path, charset: str, encoding: str
) -> None:
    (tmp_path / "a.htm").write_bytes(WORD.format(charset).encode(encoding))

    assert body_of(tmp_path / "a.htm")[0] == WORD.format("utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_html_that_names_no_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.html").write_bytes("<p>Perché {nome}</p>".encode(encoding))

    assert body_of(tmp_path / "a.html")[0] == "<p>Perché {nome}</p>"


def test_plain_text_becomes_html_that_looks_alike(tmp_path: Path) -> None:
    text = "Gentile {nome},\r\n\r\nR&S <info@x.it>:\r\n  - uno\r\n\tdue\r\n\r\n\r\nSaluti\r\n"
    (tmp_path / "a.txt").write_bytes(text.encode("cp1252"))

    assert body_of(tmp_path / "a.txt")[0] == (
        "<p>Gentile {nome},</p>\n"
        "<p>R&amp;S &lt;info@x.it&gt;:<br>\n&nbsp; - uno<br>\n&nbsp;&nbsp;&nbsp; due</p>\n"
        "<p>Saluti</p>"
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.rtf", rb"{\rtf1\ansi Gentile}", "is an RTF document: save it as HTML"),
        ("a.html", rb"{\rtf1\ansi Gentile}", "is an RTF document"),
        ("a.pdf", b"%PDF-1.7\n", "is a PDF: attach it with --attach"),
        ("a.docx", zipped("word/document.xml"), "is a Word document"),
        ("a.odt", zipped("mimetype", "application/vnd.oasis.opendocument.text"), "is an OpenDocument text"),
        ("a.xlsx", zipped("xl/workbook.xml"), "is a workbook"),
        ("a.pages", zipped("Index/Document.iwa"), "or an archive"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1", "old Office or Outlook"),
        ("a.png", b"\x89PNG\r\n", "is a picture: attach it"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "is a picture"),
        ("a.svg", b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "is a picture"),
        ("a.eml", b"From: a@b.it\r\nMIME-Version: 1.0\r\n\r\nciao", "is a saved e-mail"),
        ("a.fodt", b'<?xml version="1.0"?><office:document>', "is a document in XML"),
        ("a.md", b"# Avviso\n\n**ciao**", "is Markdown"),
        ("a.bin", b"\x01\x00\x90", "is no text"),
        ("a.txt", b"\xef\xbb\xbf \r\n", "is empty"),
    ],
)
def test_what_no_message_can_be_made_of_is_refused_with_the_remedy(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(Misused, match=said):
        body_of(tmp_path / name)


def test_a_letter_that_begins_like_a_header_or_a_picture_is_text(tmp_path: Path) -> None:
    for text in ("Oggetto: avviso\nData: oggi\n\nCiao", "BMW Roma", "II avviso", "GIF: no"):
        (tmp_path / "a.txt").write_text(text)
        assert body_of(tmp_path / "a.txt")[0].startswith("<p>")


def test_pictures_of_this_machine_are_found() -> None:
    page = (
        '<img src="word_file/a.png"><img width=1 src=https://x.it/b.png><img src="data:image/png;base64,x">'
    )

    assert local_pictures(page) == ["word_file/a.png"]
