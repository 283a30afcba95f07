"""Figures: what was measured of each contender, and whether ours reaches its target. Pure."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`target` is what ours must be at least, or at most where it begins with `≤`; None: for comparison only.

    `ratio` is ours to the best peer that kept the rules. `runs` are the values of ours of which it is the median.
    """

    name: str
    unit: str
    ours: float | None
    peers: Mapping[str, float | None] = field(default_factory=dict)
    target: str | None = None
    runs: Sequence[float] = ()
    better: str = "more"  # or "less"
    note: str = ""
    fouls: Sequence[str] = ()  # peers that got their value by breaking the rule it stands under

    @property
    def ratio(self) -> float | None:
        found = [one for name, one in self.peers.items() if one is not None and name not in self.fouls]
        if self.ours is None or not found:
            return None
        best = max(found) if self.better == "more" else min(found)
        return self.ours / best if best > 0 else None

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        if self.ours is None:
            return False
        bound = float(self.target.lstrip("≤≥= ").replace(",", ""))
        match self.target[0]:
            case "≤":
                return self.ours <= bound
            case "=":
                return self.ours == bound
        return self.ours >= bound

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines of points, or bars where every line has one value for each label."""

    name: str
    title: str
    x: str
    y: str
    lines: Mapping[str, Sequence[tuple[Any, float]]]
    kind: str = "bars"  # or "lines"
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one benchmark."""

    figures: Sequence[Figure]
    plots: Sequence[Plot] = ()
    notes: Sequence[str] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


def middle(values: Iterable[float]) -> float:
    return float(median(values))


def percentile(values: Sequence[float], percent: int) -> float:
    return (
        float(quantiles(values, n=100, method="inclusive")[percent - 1])
        if len(values) > 1
        else float(values[0])
    )


def used(times: Sequence[float], since: float, until: float, rate: float) -> float:
    """Return sends made over sends allowed, from the window's first send to the first one after it (or its end)."""
    return used_by_all([times], since, until, rate)


def used_by_all(of_each: Iterable[Sequence[float]], since: float, until: float, rate: float) -> float:
    """Return the same for many tokens together. A token without a send in the window was allowed all of it."""
    made = allowed = 0.0
    for times in of_each:
        inside = [at for at in times if since <= at < until]
        after = next((at for at in times if at >= until), until)
        made += len(inside)
        allowed += rate * (after - inside[0] if inside else until - since)
    return made / allowed


def too_close(times: Sequence[float], rate: float) -> int:
    """Count sends closer than the interval by more than 20 ms; from 20/s on, more than `rate + 1` within a second."""
    if rate < 20:
        return sum(later - sooner < 1 / rate - 0.020 for sooner, later in itertools.pairwise(times))
    most = round(rate) + 1
    return sum(times[n + most] - times[n] < 1.0 for n in range(len(times) - most))


def in_digits(value: float) -> str:
    """Return a figure as people read it: three digits, or all before the point. Nearly all of a whole has four."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.4g}" if 0.99 <= value < 1 else f"{value:.3g}"
