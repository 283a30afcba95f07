"""Subjects: the marks by which a mail is found (reference, code), and whether a receipt's subject comes from ours."""

import hashlib
import html
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from functools import lru_cache
from typing import Final
from unicodedata import normalize

from pec.provider_text import quoted_bytes

MIN_TRUNCATED = 30  # characters left of a subject that was cut off, for it to differ from others
_MAX_DECODED = 10_000  # characters: 500 of a subject in encoded words, and then some
_MAX_LAYERS = 2  # what was encoded is sometimes encoded again
_SPACES = re.compile(r"[ \t\r\n\xa0]+")
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I: it may be read aloud
_LENGTH = 5
_MARK = re.compile(r"\[rif\. [0-9A-Z]{1,16}\]\Z")
# YYYYMMDDHHMMSS in local time, and 1 to 6 more digits: one code can be the prefix of another.
_CODE = re.compile(r"20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d){2}\d{1,6}", re.ASCII)
_WORD_BEGINS = re.compile(r"=\?[-\w*.:]+\?[bq]\?", re.IGNORECASE)
_CHARSET = re.compile(
    r"utf-?8|us-ascii|(?:iso[-_]?8859|windows|cp|ibm|mac|koi8|latin)[-_a-z0-9]*", re.IGNORECASE
)


# Marks


def reference_of(namespace: str, message_id: str, lost: int) -> str:
    """Return the reference of the next attempt, given how many earlier attempts lost their answer.

    It is made of the id and not of chance, so it is known even if a restored backup has not seen the attempt.
    """
    seed = f"{namespace}\0{message_id}\0{lost}".encode()
    number = int.from_bytes(hashlib.blake2b(seed, digest_size=8, person=b"pec reference").digest(), "big")
    letters = []
    for _ in range(_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)


def reference_tag(reference: str) -> str:
    """Return a reference as it stands at the end of a subject."""
    return f"[rif. {reference}]"


def is_code(text: str) -> bool:
    """Return whether it can be a code of the API: 14 digits of time and 1 to 6 more."""
    return _CODE.fullmatch(text) is not None


# Spellings


def spellings(subject: str) -> tuple[str, ...]:
    """Return the readings of a subject as it came, the likeliest first: white space folded, nothing encoded.

    A half-decoded subject has underscores for its spaces, so it is read without them last.
    """
    folded = _folded(subject)
    decoded = folded
    for _ in range(_MAX_LAYERS if len(folded) <= _MAX_DECODED else 0):
        decoded = _folded(_decoded(decoded)) if "=?" in decoded else decoded
    spaced = _folded(quoted_bytes(decoded).replace("_", " ")) if "_" in decoded else decoded
    return tuple(dict.fromkeys((decoded, folded, spaced)))


def _folded(text: str) -> str:
    return _SPACES.sub(" ", text).strip(" ")


def _decoded(text: str) -> str:
    """Return the text with its encoded words (RFC 2047) decoded, bytes split among several of them put together."""
    *_, last = [None, *_WORD_BEGINS.finditer(text)]
    cut_off = last is not None and "?=" not in text[last.end() :]
    try:
        parts = decode_header(f"{text}?=" if cut_off else text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(part if isinstance(part, str) else _text(part, charset) for part, charset in parts)


def _text(part: bytes, charset: str | None) -> str:
    """Return the bytes decoded. An unknown charset is most likely UTF-8.

    A language can stand behind the charset (RFC 2231).
    """
    name = (charset or "latin-1").partition("*")[0]
    try:
        return part.decode(name if _CHARSET.fullmatch(name) else "utf-8", "replace")
    except LookupError:
        return part.decode("utf-8", "replace")


# Comparison


def same_subject(ours: str, theirs: str) -> bool:
    """Return whether theirs can come from ours, changed on its way.

    Accents may be mangled, lost or composed otherwise, quotes and dashes straightened, `<…>` stripped, white space
    folded, and the end cut off.
    """
    return whole_subject(ours, theirs) or any(
        len(start) >= MIN_TRUNCATED and sent.startswith(start)
        for start in (seen.removesuffix("...").rstrip() for seen in _seen(theirs))
        for sent in _readings(ours)
    )


def whole_subject(ours: str, theirs: str) -> bool:
    """Return whether theirs can come from ours, with nothing cut off."""
    seen = _seen(theirs)
    return bare(ours) in seen or not _readings(ours).isdisjoint(seen)


def ends_with_reference_tag(ours: str, theirs: str) -> bool:
    """Return whether theirs ends with the very reference that ends ours. False if ours has none."""
    found = _MARK.search(ours)
    return found is not None and has_reference_tag(theirs, found[0])


def has_reference_tag(theirs: str, wanted: str) -> bool:
    """Return whether theirs ends with this marked reference, unharmed."""
    return theirs.endswith(wanted) or theirs.replace("_", " ").endswith(wanted)


def same_letters(ours: str, theirs: str) -> bool:
    """Return whether both have the same ASCII letters and digits: enough only beside a reference of ours."""
    seen = {_letters(one) for one in (theirs, html.unescape(theirs))}
    return any(_letters(one) in seen for one in _forms(ours))


_STRAIGHT = str.maketrans(
    {
        **dict.fromkeys("–—―‐‑−", "-"),
        **dict.fromkeys("«»", '"'),
        "…": "...",
        "€": "EUR",
        "•": "*",
        "·": ".",
        "×": "x",
    }
)
_COMPOSED: Final = ("NFC", "NFD", "NFKD")
_STRIPPED = (r"<[^>]*>", r"<[A-Za-z/!?][^>]*>", r"[<>]")


@lru_cache(1024)
def _readings(ours: str) -> frozenset[str]:
    """Return what can be left of our subject, for each way in which it was written when its accents were lost."""
    return frozenset(map(bare, _forms(ours)))


def _forms(ours: str) -> Iterator[str]:
    for text in dict.fromkeys((ours, *spellings(ours))):
        for composed in (text, " ".join(text.split()), *(normalize(form, text) for form in _COMPOSED)):
            for straight in (composed, composed.translate(_STRAIGHT)):
                yield straight
                if "<" in straight or ">" in straight:
                    yield from (re.sub(tag, "", straight) for tag in _STRIPPED)


def _seen(theirs: str) -> set[str]:
    return {bare(one) for text in (theirs, *spellings(theirs)) for one in (text, html.unescape(text))}


# What is not ASCII, the `?` that can stand in its place, straight quotes and what escapes them.
_NOISE = re.compile(r"[^\x00-\x7f]|\?|\\(?=['\"])|['\"`]")
_DASH = re.compile(r"(?:^| )-+(?= |$)")  # between words, in place of a longer one


def bare(text: str) -> str:
    """Return a subject without all that can be mangled, straightened or escaped."""
    words = " ".join(_NOISE.sub("", text).replace("_", " ").split())
    return " ".join(_DASH.sub("", words).split())


def _letters(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", text)
