"""Names of files and folders that Windows, macOS and Linux all bear, and that lead nowhere else: pure."""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import count
from pathlib import PurePath
from unicodedata import normalize

_FORBIDDEN = frozenset('<>:"/\\|?*')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)
_MAX_BYTES = 240  # of the 255 that file systems allow; the rest is for a number


def portable_name(name: str) -> str:
    """Return the name with `%XX` for characters that some system refuses. Ids have no `%`, so they stay distinct."""
    written = "".join(_escaped(one) if one in _FORBIDDEN or not one.isprintable() else one for one in name)
    if written.endswith((".", " ")):  # Windows drops them; `.` and `..` are other folders
        written = written[:-1] + _escaped(written[-1])
    if not written or _DEVICE.match(written):
        written = _escaped(written[:1] or "_") + written[1:]
    return _cut(written, name)


def unique_names(names: Iterable[str]) -> list[str]:
    """Return portable names in the same order, no two of which any system takes for one."""
    taken: set[str] = set()
    chosen = []
    for name in map(portable_name, names):
        free = next(one for one in _numbered(name) if folded(one) not in taken)
        taken.add(folded(free))
        chosen.append(free)
    return chosen


def _numbered(name: str) -> Iterator[str]:
    """Yield `a.pdf`, `a~2.pdf`, `a~3.pdf`, …"""
    yield name
    path = PurePath(name)
    yield from (f"{path.stem}~{number}{path.suffix}" for number in count(2))


def folded(name: str) -> str:
    """Return the same text for names that some file system takes for one: case and form of accents don't count."""
    return normalize("NFKC", normalize("NFKC", name).casefold())


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _cut(written: str, name: str) -> str:
    """Shorten a name that is too long: a digest of the whole stands before its suffix."""
    if len(written.encode()) <= _MAX_BYTES:
        return written
    suffix = PurePath(written).suffix
    suffix = suffix if len(suffix.encode()) <= 20 else ""
    end = f"~{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}{suffix}"
    return written.encode()[: _MAX_BYTES - len(end.encode())].decode("utf-8", "ignore") + end
