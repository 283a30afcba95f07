"""`Dockerfile` and `.dockerignore` as Docker reads them, as far as this project uses them."""

import re
import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[3]
Instruction = tuple[str, list[str]]


def instructions() -> list[Instruction]:
    """Each instruction and its words."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(name, words) for name, *words in (line.split() for line in lines if line)]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage; the last one is the image."""
    found: list[list[Instruction]] = []
    for instruction in instructions():
        if instruction[0] == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def copied() -> Iterator[tuple[str, str]]:
    """From the project into the image's build: source and target of each COPY."""
    for name, words in instructions():
        if name == "COPY" and not words[0].startswith("--"):
            *sources, target = words
            yield from ((source, target) for source in sources)


def is_ignored(path: str) -> bool:
    """Whether `.dockerignore` keeps a path out of the build; the last pattern that fits it decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!")
            ignored = line == pattern if _fits(path, pattern) else ignored
    return ignored


def lay_context(folder: Path) -> None:
    """Puts into a folder what the build's COPY lines put into its working directory."""
    for source, target in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target, ignore=_ignored_of)
        else:
            shutil.copy(ROOT / source, folder / target)


def _fits(path: str, pattern: str) -> bool:
    """A pattern fits what it names, and all below."""
    there = PurePosixPath(path)
    name = pattern.removeprefix("**/")
    for one in (there, *there.parents[:-1]):
        if fnmatchcase(one.name, name) if name != pattern else fnmatchcase(str(one), pattern):
            return True
    return False


def _ignored_of(folder: str, names: list[str]) -> set[str]:
    here = Path(folder).relative_to(ROOT)
    return {name for name in names if is_ignored((here / name).as_posix())}
