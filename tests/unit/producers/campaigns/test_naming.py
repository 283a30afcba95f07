"""Batches and ids that are the same whenever a file is imported."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.jobs import ID
from producers.campaigns.naming import batch_of, made_id, numbered


@pytest.mark.parametrize(
    ("stem", "batch"),
    [
        ("Soci 2026", "soci-2026"),
        ("soci 2026 (1)", "soci-2026"),
        ("soci 2026 - Copia", "soci-2026"),
        ("soci 2026 - Copia (2)", "soci-2026"),
        ("soci-2026-copia", "soci-2026"),
        ("Soci 2026 - Copy (1)", "soci-2026"),
        ("Copia di soci 2026", "soci-2026"),
        ("soci 2026 copia 3", "soci-2026"),
        ("Società à la carte", "societa-a-la-carte"),
        ("fotocopia", "fotocopia"),
        ("v1.2", "v1.2"),
        ("(1)", "import"),
        ("中文", "import"),
    ],
)
def test_a_copy_of_a_file_is_the_same_batch(stem: str, batch: str) -> None:
    assert batch_of(stem) == batch


@given(st.text(max_size=200), st.text(max_size=100), st.integers(1, 100_000))
def test_every_id_has_the_form_of_one(stem: str, recipient: str, number: int) -> None:
    assert re.match(ID, numbered(made_id(batch_of(stem), recipient), number))


def test_an_id_is_of_batch_and_recipient_in_any_case() -> None:
    assert made_id("b", "Mario@pec.example.it") == made_id("b", "mario@PEC.example.it")
    assert made_id("b", "mario@pec.example.it") != made_id("b", "maria@pec.example.it")
    assert made_id("b", "mario@pec.example.it") != made_id("c", "mario@pec.example.it")
