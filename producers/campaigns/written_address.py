"""An address as people write it into a cell, without what mail programs put around it. Pure."""

import re
import unicodedata
from urllib.parse import unquote

from config.texts import _

_SPACES = "".join(one for one in map(chr, range(0x3001)) if one.isspace())
_TOKEN = re.compile(r"""[^\s;,|/<>()\[\]"':]+@[^\s;,|/<>()\[\]"':@]+""")
_DOMAIN = re.compile(r"(?<=[^\s@])@[^\s@]+\.[^\s@]")
_NAMED = re.compile(r"""[^<>\[\]]*[<\[]\s*([^<>\[\]\s]+)\s*[>\]]""")
_REMARKED = re.compile(r"([^\s()]+@[^\s()]+)\s*\([^@()]*\)")
_AROUND = _SPACES + ";,<>()[]\"'`’‘“”«»"
_SELECTORS = "\ufe0e\ufe0f"  # of the look of a sign
_LABEL = re.compile(
    r"[\s*]*(?:pec|p\.e\.c\.?|e-?mail|mail|posta certificata)\s*[:=]\s*(?=\S+@)", re.IGNORECASE
)
_LINK = re.compile(r"mailto:\s*", re.IGNORECASE)
_ALPHABETS = {"CYRILLIC": _("a Cyrillic letter"), "GREEK": _("a Greek letter")}
_ALIKE = "ı\u0251\u0261\u0269"  # Latin letters that look like others and that no Italian word has


def address_in(cell: str) -> str:
    """Return the address without name, brackets, `mailto:` and invisible characters; else the cell as it stands."""
    seen = _LABEL.sub("", _seen(cell), count=1) if ":" in cell or "=" in cell else _seen(cell)
    if _LINK.search(seen):
        seen = unquote(_LINK.sub("", re.sub(r"\?[^>\]\s]*", "", seen)))
    if len(addresses_in(seen)) > 1:
        return cell
    outside = seen.strip(_SPACES + ";,")
    named = _NAMED.fullmatch(outside) or _REMARKED.fullmatch(outside)
    bare = (named[1] if named and "@" in named[1] else seen).strip(_AROUND)
    halves = {half.lower() for half in re.split(r"[\s;,|/]+", bare)}
    return bare.split()[0].strip(_AROUND) if len(halves) == 1 and bare else bare


def addresses_in(cell: str) -> list[str]:
    """Return the different addresses of a cell."""
    return list({found[0].lower(): found[0] for found in _TOKEN.finditer(_seen(cell))}.values())


def is_several(cell: str) -> bool:
    """Return whether a cell holds more than one address, whatever separates them."""
    return len(addresses_in(cell)) > 1 or len(_DOMAIN.findall(address_in(cell))) > 1


def foreign_letters(text: str) -> list[str]:
    """Return the letters of another script that stand among Latin ones, such as the Cyrillic `а`."""
    letters = [one for one in text if one.isalpha()]
    if not any(one.isascii() for one in letters):
        return []
    return list(dict.fromkeys(one for one in letters if _script(one) != "LATIN" or one in _ALIKE))


def alphabet_of(letter: str) -> str:
    """Return what kind of letter it is."""
    return _ALPHABETS.get(_script(letter), _("a letter of another alphabet"))


def domain_shown(domain: str) -> str:
    """Return the domain as people read it, its punycode decoded."""
    return ".".join(map(_label, domain.split(".")))


def _seen(text: str) -> str:
    """Return the text without invisible characters, such as the zero-width space."""
    if text.isascii():
        return text
    return "".join(one for one in text if unicodedata.category(one) != "Cf" and one not in _SELECTORS)


def _label(label: str) -> str:
    if not label.lower().startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0]
