"""Foreign scripts and style sheets are the bytes that their packages published, and no other stands beside them."""

import hashlib
import json
from typing import Any

import pytest

from console.static_files import STATIC

VENDOR = STATIC / "vendor"
LISTED: list[dict[str, Any]] = json.loads((VENDOR / "vendored.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("one", LISTED, ids=lambda one: str(one["file"]))
def test_a_vendored_file_has_the_listed_digest(one: dict[str, Any]) -> None:
    assert hashlib.sha256((VENDOR / one["file"]).read_bytes()).hexdigest() == one["sha256"]


def test_every_vendored_file_is_listed_with_its_version() -> None:
    there = {path.name for path in VENDOR.iterdir() if path.suffix in (".js", ".css")}

    assert there == {one["file"] for one in LISTED}
    assert all(one["version"] and one["license"] for one in LISTED)
