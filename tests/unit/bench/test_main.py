"""Every benchmark can be run by its name."""

from importlib import import_module

import pytest

from bench.__main__ import NAMES
from bench.page import TITLES


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_has_a_module_of_its_name_and_a_title(name: str) -> None:
    assert callable(import_module(f"bench.{name}").run)
    assert TITLES[name]
