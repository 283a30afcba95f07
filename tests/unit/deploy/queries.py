"""The metrics and labels of a PromQL query, read by a real parser."""

from typing import Any

import promql_parser

from workers.metrics.definitions import DEFINITIONS, Metric

_OF_HISTOGRAMS = ("_bucket", "_count", "_sum")
SERIES: dict[str, Metric] = {
    one.name + suffix: one
    for one in DEFINITIONS
    for suffix in (_OF_HISTOGRAMS if one.type == "histogram" else ("",))
}


def faults(query: str) -> list[str]:
    """Series and labels that no worker exports. Raises ValueError where the query can't be parsed."""
    selected: list[Any] = []
    grouped: set[str] = set()

    def visit(part: Any) -> None:
        if isinstance(part, promql_parser.VectorSelector):
            selected.append(part)
        elif isinstance(part, promql_parser.AggregateExpr) and part.modifier:
            grouped.update(part.modifier.labels)

    promql_parser.walk(promql_parser.parse(query), visit)
    unknown = [f"there is no {one.name}" for one in selected if one.name not in SERIES]
    if unknown or not selected:
        return unknown or ["it asks for nothing"]
    labels = {"le", *(label for one in selected for label in SERIES[one.name].labels)}
    matched = {
        (one.name, matcher.name)
        for one in selected
        for matcher in one.matchers.matchers
        if matcher.name not in SERIES[one.name].labels
    }
    return [f"{name} has no label {label}" for name, label in matched] + [
        f"nothing has a label {label}" for label in grouped - labels
    ]
