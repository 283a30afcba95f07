"""Prose uses the field's words, and docstrings open with what a function does."""

import pytest

from tests.unit.docs.pages import PAGES
from tests.unit.docs.prose import faults, files, long_sentences


@pytest.mark.parametrize("name", files())
def test_a_file_s_prose_is_in_plain_words(name: str) -> None:
    assert faults(name) == []


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"docs/benchmarks.md"}))  # generated from a result
def test_a_page_s_sentences_have_25_words_at_most(name: str) -> None:
    assert [one for one in long_sentences(PAGES[name], 25) if " code, S code" not in one] == []
