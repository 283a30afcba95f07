"""Make one plain line of a receipt's text, whether it came as text, as HTML or half decoded."""

import html
import re

_MAX_READ = 200_000  # characters: 500 recipients in HTML; a CONSEGNA goes on with the whole message
_BRACKETED = re.compile(r"<([^\s<>\"'=@]+@[^\s<>\"'=@]+)>")
_UNSEEN = re.compile(
    r"<!--(?:(?!<!--).)*?-->|<(style|script)\b(?:(?!<(?:style|script)\b).)*?</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<[a-z/!][^<>]*>", re.IGNORECASE)
_STRAIGHT = str.maketrans("’‘‚‛`´\x91\x92“”„‟«»″\x93\x94", "''''''''" + '"' * 9)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_SOFT_BREAK = re.compile(r"=[ \t]*\r?\n")
_QUOTED = re.compile(r"(?:=[0-9A-F]{2})+")
# A soft break, or bytes that only quoted-printable writes so. `a=20b@pec.example` alone stays an address.
_IS_QUOTED = re.compile(r"=[ \t]*\r?\n|=[CDE][0-9A-F]=[89AB][0-9A-F]|=(?:E[0-9A-F]|22|3D|A0)(?![0-9A-Za-z])")


def plain(text: str) -> str:
    """Return the text without comments, tags, entities and quoted-printable; quotes straight, white space folded."""
    text = _UNSEEN.sub(" ", unquoted(text[:_MAX_READ]))
    bare = html.unescape(_TAG.sub(" ", _BRACKETED.sub(r"\1", text)))
    return " ".join(_INVISIBLE.sub("", bare).translate(_STRAIGHT).split())


def unquoted(text: str) -> str:
    """Return the text with what quoted-printable left in it decoded; the text itself if it has none."""
    if "=" not in text or not _IS_QUOTED.search(text):
        return text
    return quoted_bytes(_SOFT_BREAK.sub("", text))


def quoted_bytes(text: str) -> str:
    """Decode each run of `=C3=A0`: as UTF-8 if it can be, else as Western European."""
    return _QUOTED.sub(_decoded, text)


def _decoded(run: re.Match[str]) -> str:
    data = bytes.fromhex(run[0].replace("=", ""))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
