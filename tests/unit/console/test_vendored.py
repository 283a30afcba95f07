"""Foreign scripts and style sheets are the bytes that their packages published, and no other stands beside them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from console.static_files import STATIC

FOLDERS = (STATIC / "vendor", Path(__file__).parents[2] / "integration" / "console" / "vendor")


def listed(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "vendored.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=["of the console", "of its tests"])
def test_a_vendored_file_has_the_listed_digest(folder: Path) -> None:
    for one in listed(folder):
        assert hashlib.sha256((folder / one["file"]).read_bytes()).hexdigest() == one["sha256"], one["file"]


@pytest.mark.parametrize("folder", FOLDERS, ids=["of the console", "of its tests"])
def test_every_vendored_file_is_listed_with_its_version(folder: Path) -> None:
    there = {path.name for path in folder.iterdir() if path.suffix in (".js", ".css")}

    assert there == {one["file"] for one in listed(folder)}
    assert all(one["version"] and one["license"] for one in listed(folder))
