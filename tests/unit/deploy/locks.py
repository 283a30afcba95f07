"""The two lock files: what each pins, and what a package needs to run."""

import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]


def pins(lock: str) -> dict[str, str]:
    """Each package's entry, hashes and all, by its name."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {entry.split("==")[0]: entry.strip() for entry in re.split(r"\n(?=\S)", text)}


def pinned_here(lock: str) -> set[str]:
    """The packages that a lock puts on this machine and this Python."""
    entries = {name: entry.split(" \\\n")[0] for name, entry in pins(lock).items()}
    return {name for name, entry in entries.items() if _applies(Requirement(entry))}


def closure(requirements: Iterator[Requirement] | list[Requirement]) -> set[str]:
    """These and all that they need, on this machine and this Python."""
    found: set[str] = set()
    waiting = [(one.name, frozenset(one.extras)) for one in requirements if _applies(one)]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        found.add(canonicalize_name(name))
        for text in distribution(name).requires or []:
            need = Requirement(text)
            place = (need.name, frozenset(need.extras))
            if _applies(need, *extras) and place not in seen:
                seen.add(place)
                waiting.append(place)
    return found


def _applies(requirement: Requirement, *extras: str) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))
