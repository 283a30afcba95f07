"""The published plots show the published result."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.figures import in_digits

ROOT = Path(__file__).parents[3]
RESULT = json.loads((ROOT / "bench" / "result.json").read_text())
PLOTS = [plot for made in RESULT["benchmarks"].values() for plot in made["plots"]]


@pytest.mark.parametrize("plot", PLOTS, ids=[plot["name"] for plot in PLOTS])
def test_a_published_plot_names_its_lines_and_numbers_its_points(plot: dict[str, Any]) -> None:
    drawn = ElementTree.parse(ROOT / "docs" / "benchmarks" / f"{plot['name']}.svg")
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]

    assert plot["title"] in texts
    assert set(plot["lines"]) <= set(texts)
    numbered = [value for line in plot["lines"].values() if len(line) < 10 for _, value in line]
    assert {in_digits(value) for value in numbered} <= set(texts)
