"""The message of a campaign: HTML as programs save it, or plain text, which becomes HTML; nothing else."""

import html
import re
from pathlib import Path

from config.foreign_words import system_words
from config.texts import _
from pec.content import is_blank
from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.spreadsheet.csv_file import decoded
from producers.campaigns.spreadsheet.encodings import Encoding

_START = 1024  # bytes
_AS_HTML = _('save it as HTML ("Web page, filtered" in Word) or as plain text')
_ATTACH = _("attach it with --attach, and write the message as HTML or plain text")
_KINDS = (  # how a file begins, what it is, what to do
    (rb"\s*\{\\rtf", _("an RTF document"), _AS_HTML),
    (rb"[\s\S]{0,1000}%PDF-", _("a PDF"), _ATTACH),
    (rb"%!PS", _("a PostScript document"), _ATTACH),
    (rb"\xd0\xcf\x11\xe0", _("a document of an old Office or Outlook (.doc, .xls, .msg)"), _AS_HTML),
    (rb"bplist00", _("a web archive of Safari"), _AS_HTML),
    (
        rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*|RIFF....WEBP|\0\0\0.ftyp(hei|mif|avif)",
        _("a picture"),
        _ATTACH,
    ),
    (rb"BM.{4}\0{4}", _("a picture"), _ATTACH),
    (rb"\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg\b", _("a picture"), _ATTACH),
)
_ARCHIVES = (  # what is in a ZIP, by the names of its parts
    (b"word/", _("a Word document (.docx)")),
    (b"opendocument.text", _("an OpenDocument text (.odt)")),
    (b"xl/", _("a workbook (.xlsx)")),
    (b"opendocument.spreadsheet", _("an OpenDocument spreadsheet (.ods)")),
    (b"", _("a document of a text program, or an archive")),
)
_XML_DOCUMENT = re.compile(r"<office:document\b|<\?mso-application|<w:wordDocument\b")
_HEADER_LINE = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+")
_OF_MAIL = re.compile(
    r"^(MIME-Version|Message-ID|Received|Return-Path|Content-Type|Delivered-To):",
    re.IGNORECASE | re.MULTILINE,
)
_MARKDOWN = (".md", ".markdown", ".mdown")
_TAG = re.compile(
    r"<(!doctype|html|head|body|p|br|div|span|table|t[rdh]|h[1-6r]|b|i|u|s|a|em|strong|font|center|small|big|sub|sup"
    r"|ul|ol|li|dl|dt|dd|img|style|meta|title|pre|code|blockquote|section|article|header|footer|main)(\s[^<>]*|/)?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(#\d+|#x[0-9a-f]+|[a-z]+\d*);", re.IGNORECASE)
_META_CHARSET = re.compile(r"(<meta\b[^>]*?charset\s*=\s*[\"']?\s*)([\w:.-]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(r"\s*<\?xml\b[^>]*\?>")
_LOCAL_PICTURE = re.compile(
    r"<img\b[^>]*?\bsrc\s*=\s*[\"']?(?!https?:|data:|cid:|//)([^\"'\s>]+)", re.IGNORECASE
)
_ALIGNING_SPACE = re.compile(r"^ (?=.)| (?= )", re.MULTILINE)
_BRACE = re.compile("&amp;#(123|125);")  # which is no placeholder, as the advice has it
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


def body_of(path: Path) -> tuple[str, Encoding]:
    """Return the message as HTML, and what it was read in.

    Raise Misused with the remedy if the file is no HTML and no plain text.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Misused(
            _("can't read {path} ({why}): name a readable file").format(path=path, why=system_words(error))
        ) from None
    _check_kind(path.name, content)
    text, encoding = _read(content, path.name)
    if is_blank(text):
        raise Misused(_("{file} is empty: write the message, as HTML or plain text").format(file=path.name))
    _check_text(path, text)
    return _in_utf8(text) if is_html(path, text) else html_of(text), encoding


def is_html(path: Path, text: str) -> bool:
    """Return whether a text is HTML. A file with that extension may have entities and no tags."""
    named = path.suffix.lower() in (".html", ".htm", ".xhtml")
    return _TAG.search(text) is not None or (named and _ENTITY.search(text) is not None)


def html_of(text: str) -> str:
    """Return plain text as HTML that looks alike: paragraphs, line breaks and the spaces that align."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip().lstrip("\n").expandtabs(4)
    paragraphs = filter(str.strip, _BLANK_LINES.split(lines))
    return "\n".join(f"<p>{_in_lines(one)}</p>" for one in paragraphs)


def _in_lines(paragraph: str) -> str:
    plain = html.escape(paragraph, quote=False)
    plain = _BRACE.sub(r"&#\1;", plain)
    return _ALIGNING_SPACE.sub("&nbsp;", plain).replace("\n", "<br>\n")


def local_pictures(text: str) -> list[str]:
    """Return the pictures that lie on this machine, which no recipient would see."""
    return list(dict.fromkeys(found[1] for found in _LOCAL_PICTURE.finditer(text)))


def _check_kind(name: str, content: bytes) -> None:
    """Raise Misused if the first bytes are those of something else than text."""
    for start, kind, remedy in _KINDS:
        if re.match(start, content[:_START], re.DOTALL | re.IGNORECASE):
            raise Misused(_("{file} is {kind}: {remedy}").format(file=name, kind=kind, remedy=remedy))
    if content.startswith(b"PK\x03\x04"):
        kind = next(kind for part, kind in _ARCHIVES if part in content)
        raise Misused(_("{file} is {kind}: {remedy}").format(file=name, kind=kind, remedy=_AS_HTML))


def _check_text(path: Path, text: str) -> None:
    """Raise Misused if the text is made for a program."""
    head = _HEADER_LINE.match(text.lstrip().replace("\r\n", "\n"))
    if head and _OF_MAIL.search(head[0]):
        raise Misused(
            _(
                "{file} is a saved e-mail or web archive: copy its text into a file, as HTML or plain text"
            ).format(file=path.name)
        )
    if _XML_DOCUMENT.search(text[: 4 * _START]):
        raise Misused(_("{file} is a document in XML: {remedy}").format(file=path.name, remedy=_AS_HTML))
    if path.suffix.lower() in _MARKDOWN:
        raise Misused(
            _("{file} is Markdown, whose marks the recipient would see: save it as HTML or as .txt").format(
                file=path.name
            )
        )


def _read(content: bytes, name: str) -> tuple[str, Encoding]:
    """Return the text: read as Unicode, else in the encoding that the page names, else as any text. Raise Misused."""
    declared = _META_CHARSET.search(content[: 4 * _START].decode("ascii", "replace"))
    try:
        return (_declared(content, declared[2].lower()) if declared else None) or decoded(content, name)
    except Unusable as error:
        if b"\0" in content:
            raise Misused(_("{file} is no text: --body needs HTML or plain text").format(file=name)) from None
        raise Misused(_("--body: {problem}").format(problem=error)) from None


def _declared(content: bytes, charset: str) -> tuple[str, Encoding] | None:
    """Return the text of a page as a browser reads it. UTF-8 is read as UTF-8, whatever the page declares."""
    python = {"x-mac-roman": "mac_roman", "iso-8859-1": "cp1252", "latin1": "cp1252"}.get(charset, charset)
    for encoding in ("utf-8-sig", python):
        try:
            text = content.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        if "\0" not in text:
            return text, Encoding(encoding, charset)
    return None


def _in_utf8(text: str) -> str:
    """Return HTML that names no other encoding, because it is sent as UTF-8."""
    return _META_CHARSET.sub(r"\1utf-8", _XML_ENCODING.sub("", text, count=1))
