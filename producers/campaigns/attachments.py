"""Files that a row names: looked for beside the campaign's file, and never outside of that folder."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PureWindowsPath

from config.foreign_words import system_words
from config.texts import _

_SEPARATOR = re.compile(r"[;|\r\n]")
_MAX_FOUND = 1024
_MAX_HELD = 4  # contents in memory


@dataclass(frozen=True, slots=True)
class File:
    """One that can be attached."""

    path: Path
    size: int

    @property
    def name(self) -> str:
        return unicodedata.normalize("NFC", self.path.name)


class Missing(Exception):
    """A file can't be attached. The message says why, with the remedy."""


def names_in(cell: str) -> list[str]:
    """Return the files that a cell names, separated by `;`, `|` or a line break."""
    return [name.strip() for name in _SEPARATOR.split(cell.rstrip("; |\r\n"))] if cell else []


class Folder:
    """The attachments of a campaign."""

    def __init__(self, path: Path) -> None:
        self._root = path.resolve()
        self._find = lru_cache(_MAX_FOUND)(self._look_for)
        self._names = lru_cache(_MAX_FOUND)(_names)
        self._names_in_any_case = lru_cache(_MAX_FOUND)(
            lambda folder: {name.casefold(): name for name in self._names(folder)}
        )
        self.read = lru_cache(_MAX_HELD)(Path.read_bytes)
        self.sha256 = lru_cache(_MAX_FOUND)(_sha256)

    def find(self, name: str) -> File:
        """Return the file of a name. Raise Missing."""
        found = self._find(name)
        if isinstance(found, str):
            raise Missing(found)
        return found

    def _look_for(self, name: str) -> File | str:
        """Return the file, or why there is none."""
        if not name:
            return _("names a file with an empty name: remove the separator that is too many")
        written = PureWindowsPath(name)  # which knows both kinds of slashes
        if written.drive or written.root or ".." in written.parts or name.startswith("~"):
            return _(
                "{name}: must be in the folder of the file: name it from there, without .. or a drive"
            ).format(name=name)
        path = self._root.joinpath(*written.parts)
        try:
            return self._file(name, path if path.exists() else self._same_name(path))
        except (OSError, ValueError) as error:
            return _("{name}: can't be read ({why}): put a readable file there").format(
                name=name, why=system_words(error) if isinstance(error, OSError) else error
            )

    def _file(self, name: str, path: Path) -> File | str:
        if not path.exists():
            return _("{name}: is not in the folder {folder}: put the file there{hint}").format(
                name=name, folder=self._root.name or self._root, hint=self._hint(path)
            )
        real = path.resolve()
        if not real.is_relative_to(self._root):
            return _("{name}: is a link that leads out of the folder: put the file itself there").format(
                name=name
            )
        if not real.is_file():
            return _("{name}: is a folder: name a file").format(name=name)
        with real.open("rb") as file:
            file.read(1)
        return File(path, real.stat().st_size)

    def _same_name(self, path: Path) -> Path:
        """Return the file whose name looks the same to people: a Mac encodes accents in another way."""
        twin = self._names(path.parent).get(unicodedata.normalize("NFC", path.name))
        return path.parent / twin if twin else path

    def _hint(self, path: Path) -> str:
        near = self._names_in_any_case(path.parent).get(unicodedata.normalize("NFC", path.name).casefold())
        return _(" (there is {name}: capitals count)").format(name=near) if near else ""


def _names(folder: Path) -> Mapping[str, str]:
    """Return the names in a folder, by their normalised spelling."""
    if not folder.is_dir():
        return {}
    return {unicodedata.normalize("NFC", one.name): one.name for one in folder.iterdir()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
