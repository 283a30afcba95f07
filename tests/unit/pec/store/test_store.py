"""Scripts on their way to the server, without comments and otherwise as they were written; texts that are unique."""

import os
import random
import re
from pathlib import Path

import pytest

from pec.store import store
from pec.store.store import unique


@pytest.mark.parametrize("path", sorted(store._FOLDER.glob("*.lua")), ids=lambda path: path.stem)
def test_a_script_loses_its_comment_lines_and_nothing_that_runs(path: Path) -> None:
    whole, sent = path.read_text(), store._text_of(path.stem)

    runs = [line for line in whole.splitlines() if line.strip() and not line.lstrip().startswith("--")]
    assert sent.splitlines() == runs
    assert sent.endswith("\n"), "its last line would join what follows it in `together`"
    assert not re.search(r"\[=*\[|\\$", sent, re.MULTILINE), "a string of several lines could lose one"


def test_no_two_processes_make_the_same_text_though_one_was_forked_from_the_other() -> None:
    unique()
    readable, writable = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writable, unique().encode())
        os._exit(0)
    mine = unique()
    os.waitpid(child, 0)

    assert os.read(readable, 100).decode() != mine


def test_a_text_is_not_repeated_though_a_library_seeds_pythons_own_numbers() -> None:
    random.seed(1)
    before = unique()
    random.seed(1)

    assert unique() != before
