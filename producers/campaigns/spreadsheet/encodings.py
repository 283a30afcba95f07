"""Which encoding a text file was written in: said by its mark, shown by UTF-8's own rules, or judged by its accents."""

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from config.text_files import marked_encoding
from config.texts import _
from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.spreadsheet.plausible import worth

_CHUNK_BYTES = 1 << 16
_MAX_VALUES = 3  # shown, so that a person can see whether they are right
_MAX_OF_A_KIND = 10  # that count: one value on every line is no more evidence than on some
_MARGIN = 3  # by which the best must be better
_HABIT = 2  # what speaks for Windows, or in a file with a Mac's line ends for Macintosh
_OLD: Mapping[str, str] = {  # Python's names, and those by which --encoding takes them
    "cp1252": "windows-1252",
    "mac_roman": "macintosh",
    "cp858": "cp850",
    "iso8859-15": "iso-8859-15",
}
_USUAL = {"ansi": "cp1252", "windows": "cp1252", "mac": "mac_roman", "dos": "cp858", "cp850": "cp858"}
_NOT_ASCII = re.compile(rb"(?s)(?=(.[\x80-\xff].))")
_VALUE = re.compile(r'[^;,\t"\r\n]*[^\x00-\x7f][^;,\t"\r\n]*')
_SAVE_AS = _('save it in Excel as "CSV UTF-8" or .xlsx')
ASK = _("name the right encoding with --encoding, or {remedy}").format(remedy=_SAVE_AS)


@dataclass(frozen=True, slots=True)
class Encoding:
    """`name` is Python's, `label` what people call it. `values` are some that hold accents, as they are read.

    `judged`: the file does not say it itself.
    """

    name: str
    label: str
    values: tuple[str, ...] = ()
    judged: bool = False


def encoding_of(raw: BinaryIO, name: str, chosen: str | None = None, remedy: str = ASK) -> Encoding:
    """Return what the whole file can be read in. `chosen` is what a person says. Raise Unusable and Misused.

    `remedy` is what a person is asked to do in doubt.
    """
    if chosen is not None:
        return _chosen(raw, name, chosen)
    raw.seek(0)
    start = raw.read(_CHUNK_BYTES)
    marked = marked_encoding(start) or _utf_16(start)
    for encoding in (marked,) if marked else ("utf-8",):
        if _decodes(raw, encoding):
            return Encoding(encoding, encoding.removesuffix("-sig"))
    if marked or b"\0" in start:
        raise Unusable(
            _("{path} is no text in {encoding}: {remedy}").format(
                path=name, encoding=(marked or "utf-8").removesuffix("-sig").upper(), remedy=_SAVE_AS
            )
        )
    return _judged(raw, name, remedy)


def _chosen(raw: BinaryIO, name: str, chosen: str) -> Encoding:
    encoding = _named(chosen)
    if not _decodes(raw, encoding):
        raise Unusable(
            _("{path} is no text in {encoding}: name another --encoding, or {remedy}").format(
                path=name, encoding=chosen, remedy=_SAVE_AS
            )
        )
    return Encoding(encoding, chosen, _values(raw, encoding), judged=True)


def _named(chosen: str) -> str:
    try:
        found = codecs.lookup(_USUAL.get(chosen.lower(), chosen))
        "".encode(found.name)  # raises LookupError for a codec that is none of texts
    except (LookupError, ValueError):
        raise Misused(
            _("--encoding: {name} is unknown: name utf-8, utf-16, windows-1252, macintosh or cp850").format(
                name=chosen
            )
        ) from None
    return "utf-8-sig" if found.name == "utf-8" else found.name


def _utf_16(start: bytes) -> str | None:
    """Return UTF-16 without a mark: every other byte of Latin text is zero."""
    even, odd = start[::2], start[1::2]
    if odd.count(0) > len(odd) / 2 and not even.count(0):
        return "utf-16-le"
    if even.count(0) > len(even) / 2 and not odd.count(0):
        return "utf-16-be"
    return None


def _decodes(raw: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return not any("\0" in decoder.decode(chunk) for chunk in _chunks(raw)) and not decoder.decode(
            b"", True
        )
    except UnicodeError:
        return False


def _chunks(raw: BinaryIO) -> Iterator[bytes]:
    raw.seek(0)
    while chunk := raw.read(_CHUNK_BYTES):
        yield chunk


# By the accents


def _judged(raw: BinaryIO, name: str, remedy: str) -> Encoding:
    """Return the old encoding in which the accents stand where Italian has them. Raise Unusable in doubt."""
    found, mac_lines = _neighbourhoods(raw)
    habit = "mac_roman" if mac_lines else "cp1252"
    scores = {one: _score(found, one) + (_HABIT if one == habit else 0) for one in _OLD if _decodes(raw, one)}
    if not scores:
        raise Unusable(_("{path} is no text: {remedy}").format(path=name, remedy=_SAVE_AS))
    best = max(scores, key=lambda one: scores[one])
    rivals = [one for one in scores if scores[one] > scores[best] - _MARGIN and _differ(found, one, best)]
    if scores[best] <= 0 or rivals:
        raise Unusable(_doubt(raw, name, [best, *rivals], remedy))
    return Encoding(best, _OLD[best], _values(raw, best), judged=True)


def _neighbourhoods(raw: BinaryIO) -> tuple[Counter[bytes], bool]:
    """Return each byte that is not ASCII with its neighbours, and whether lines end as on an old Macintosh."""
    found: Counter[bytes] = Counter()
    last, feeds, returns = b"\n", 0, 0
    for chunk in _chunks(raw):
        feeds, returns = feeds + chunk.count(b"\n"), returns + chunk.count(b"\r")
        found.update(one[1] for one in _NOT_ASCII.finditer(last + chunk))
        last = (last + chunk)[-2:]
    found.update(one[1] for one in _NOT_ASCII.finditer(last + b"\n"))
    return found, returns > 0 and not feeds


def _score(found: Counter[bytes], encoding: str) -> int:
    return sum(
        worth(*three.decode(encoding, "replace")) * min(count, _MAX_OF_A_KIND)
        for three, count in found.items()
    )


def _differ(found: Iterable[bytes], one: str, other: str) -> bool:
    return any(three.decode(one, "replace") != three.decode(other, "replace") for three in found)


def _doubt(raw: BinaryIO, name: str, candidates: list[str], remedy: str) -> str:
    readings = "; ".join(f"{_OLD[one]}: {', '.join(_values(raw, one))}" for one in candidates)
    return _("the accents of {path} can't be read for certain ({readings}): {remedy}").format(
        path=name, readings=readings, remedy=remedy
    )


def _values(raw: BinaryIO, encoding: str) -> tuple[str, ...]:
    """Return the first values that hold a character that is not ASCII."""
    raw.seek(0)
    text = io.TextIOWrapper(raw, encoding)
    found: dict[str, None] = {}
    for line in text:
        found.update(dict.fromkeys(one.strip() for one in _VALUE.findall(line)))
        if len(found) >= _MAX_VALUES:
            break
    text.detach()
    return tuple(found)[:_MAX_VALUES]
