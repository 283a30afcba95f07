"""Draw the plots of a result as SVG: `python -m bench.plots FOLDER <RESULT`, in `.venv-bench`, which has matplotlib."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot
from matplotlib.axes import Axes

from bench.figures import Plot, in_digits

OURS = ("#0b6e4f", "#6fb98f")
THEIRS = {
    "Dramatiq by its guide": "#c8553d",
    "Dramatiq tuned": "#e0a458",
    "Celery": "#4a6fa5",
    "taskiq": "#7b5ea7",
}
FEW = 9  # points that get a mark and a number each

mpl.rcParams.update(
    {
        "svg.fonttype": "none",  # text stays text: it can be read, searched and tested
        "svg.hashsalt": "bench",  # the same figures make the same file
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": "#d8d8d8",
    }
)


def draw(result: Mapping[str, Any], folder: Path) -> None:
    """Write one file for each plot of a result."""
    folder.mkdir(parents=True, exist_ok=True)
    for made in result["benchmarks"].values():
        for plot in made["plots"]:
            _draw(Plot(**plot), folder / f"{plot['name']}.svg")


def _draw(plot: Plot, path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(8, 3.5), layout="constrained")
    axes.set_title(plot.title, loc="left", weight="bold", pad=24)
    axes.set_xlabel(plot.x)
    axes.set_ylabel(plot.y)
    (_lines if plot.kind == "lines" else _bars)(axes, plot)
    if plot.target is not None:
        axes.axhline(plot.target, color="#222", linestyle="--", linewidth=1)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.08)  # room for the numbers
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(plot.lines), frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _bars(axes: Axes, plot: Plot) -> None:
    labels = [label for label, _ in next(iter(plot.lines.values()))]
    width = 0.8 / max(len(plot.lines), 3)
    for number, (name, colour) in enumerate(zip(plot.lines, _colours(plot.lines), strict=True)):
        shift = (number - (len(plot.lines) - 1) / 2) * width
        places = [place + shift for place in range(len(labels))]
        bars = axes.bar(places, [y for _, y in plot.lines[name]], width * 0.92, label=name, color=colour)
        axes.bar_label(bars, fmt=in_digits, padding=2, fontsize=8)
    axes.set_xticks(range(len(labels)), labels)


def _lines(axes: Axes, plot: Plot) -> None:
    few = all(len(points) <= FEW for points in plot.lines.values())
    for name, colour in zip(plot.lines, _colours(plot.lines), strict=True):
        across, up = zip(*plot.lines[name], strict=True)
        axes.plot(across, up, label=name, color=colour, linewidth=2, marker="o" if few else None)
        for x, y in plot.lines[name] if few else ():
            axes.annotate(in_digits(y), (x, y), (0, 6), textcoords="offset points", ha="center", fontsize=8)
    if few:
        marks = sorted({x for points in plot.lines.values() for x, _ in points})
        axes.set_xscale("log")
        axes.set_xticks(marks, [f"{x:,}" for x in marks])
        axes.minorticks_off()


def _colours(names: Iterable[str]) -> list[str]:
    ours = iter(OURS)
    return [THEIRS.get(name) or next(ours) for name in names]


if __name__ == "__main__":
    draw(json.load(sys.stdin), Path(sys.argv[1]))
