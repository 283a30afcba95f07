"""A script on its way to the server: without comments, and otherwise as it was written."""

import re
from pathlib import Path

import pytest

from pec.store import store


@pytest.mark.parametrize("path", sorted(store._FOLDER.glob("*.lua")), ids=lambda path: path.stem)
def test_a_script_loses_its_comment_lines_and_nothing_that_runs(path: Path) -> None:
    whole, sent = path.read_text(), store._text_of(path.stem)

    runs = [line for line in whole.splitlines() if line.strip() and not line.lstrip().startswith("--")]
    assert sent.splitlines() == runs
    assert sent.endswith("\n"), "its last line would join what follows it in `together`"
    assert not re.search(r"\[=*\[|\\$", sent, re.MULTILINE), "a string of several lines could lose one"
