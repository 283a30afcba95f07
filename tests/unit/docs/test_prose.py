"""Prose uses the field's words, and docstrings open with what a function does."""

from pathlib import Path

import pytest

from tests.unit.docs.prose import faults, files

# Paths of files that are not yet clean: take yours off the list. `python -m tests.unit.docs.prose` prints it anew.
NOT_YET = set(Path(__file__).with_name("not_yet.txt").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("name", [name for name in files() if name not in NOT_YET])
def test_a_file_s_prose_is_in_plain_words(name: str) -> None:
    assert faults(name) == []
