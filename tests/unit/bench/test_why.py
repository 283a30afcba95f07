"""The explanation of a missed target fits its result."""

import json
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.why import TEXTS, why

ROOT = Path(__file__).parents[3]
PUBLISHED = json.loads((ROOT / "bench" / "result.json").read_text())["benchmarks"]


def result(*figures: Figure) -> dict[str, Any]:
    made = {"figures": [figure.as_dict() for figure in figures]}
    return {"machine": {"cores": "2"}, "benchmarks": {"any": made}}


def waiting(few: float, many: float) -> dict[str, Any]:
    return result(
        Figure("lateness p99, 1,000 waiting", "s", few),
        Figure("lateness p99, 1,000,000 waiting", "s", many, target="≤ 1"),
    )


def test_every_text_is_for_a_figure_that_is_published_with_a_target() -> None:
    aimed = [figure["name"] for made in PUBLISHED.values() for figure in made["figures"] if figure["target"]]

    assert [begins for begins in TEXTS if not any(name.startswith(begins) for name in aimed)] == []


def test_a_text_takes_its_figures_from_the_result() -> None:
    text = why(
        result(
            Figure("sends a second, 200 tokens of 1/s each", "sends/s", 160),
            Figure("cpu of workers and Redis a send, 200 tokens of 1/s each", "ms", 8.5),
        ),
        "sends made/allowed, 200 tokens of 1/s each",
    )

    assert text is not None
    assert "200 a second want 1.7 cores; 160 a second took 1.4 of the 2" in text


def test_commands_that_idling_costs_are_told_for_each_send() -> None:
    idle = Figure("commands a second while idle, at 5/s", "commands/s", 12)

    assert (why(result(idle), "commands per send at 5/s") or "").startswith("2.4 of them")


def test_what_the_result_does_not_bear_out_is_not_said() -> None:
    assert "1.40 s with 1,000 waiting" in (why(waiting(1.4, 1.5), "lateness p99, 1,000,000 waiting") or "")
    assert why(waiting(0.3, 1.5), "lateness p99, 1,000,000 waiting") is None


def test_nothing_is_said_with_what_was_not_measured() -> None:
    assert why(result(), "PEC a second, whole path") is None
