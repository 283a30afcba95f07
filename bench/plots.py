"""Plots as SVG, in a few dozen lines: bars beside each other, or lines over a logarithmic axis. Pure."""

from collections.abc import Iterable, Sequence
from html import escape
from math import floor, log10

from bench.figures import Plot

WIDTH, HEIGHT = 760, 330
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 62, 50
OURS = ("#0b6e4f", "#6fb98f")
THEIRS = {
    "Dramatiq by its guide": "#c8553d",
    "Dramatiq tuned": "#e0a458",
    "Celery": "#4a6fa5",
}  # on every plot
INK, GRID = "#222", "#d8d8d8"
SMALL = 'font-size="10" stroke="#fff" stroke-width="3" paint-order="stroke"'  # on a halo, above lines


def svg(plot: Plot) -> str:
    """The same plot for the same figures, whatever machine draws it."""
    top = _nice(max([*(y for line in plot.lines.values() for _, y in line), plot.target or 0]) or 1)
    body = _lines(plot, top) if plot.kind == "lines" else _bars(plot, top)
    parts = [*_frame(plot, top), *_target(plot, top), *body, *_legend(list(plot.lines))]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" fill="{INK}">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _colours(names: Iterable[str]) -> list[str]:
    ours = iter(OURS)
    return [THEIRS.get(name) or next(ours, INK) for name in names]


def _nice(value: float) -> float:
    """The next of 1, 1.2, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten, with some air."""
    power = float(10 ** floor(log10(value)))
    steps = (1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10, 12)
    return next(step * power for step in steps if step * power >= value * 1.08)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top, 1)


def _text(x: float, y: float, text: str, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, more: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {more}/>'


def _frame(plot: Plot, top: float) -> list[str]:
    parts = [_text(LEFT, 20, plot.title, "start", 'font-size="15" font-weight="bold"')]
    parts.append(_text(6, TOP - 10, plot.y, "start", 'font-size="11"'))
    for step in range(5):
        value = top * step / 4
        parts.append(_line(LEFT, _y(value, top), WIDTH - RIGHT, _y(value, top), f'stroke="{GRID}"'))
        parts.append(_text(LEFT - 8, _y(value, top) + 4, f"{value:.3g}", "end"))
    return [*parts, _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, plot.x)]


def _legend(names: Sequence[str]) -> list[str]:
    parts, x = [], float(LEFT)
    for name, colour in zip(names, _colours(names), strict=True):
        parts.append(f'<rect x="{x:.1f}" y="32" width="11" height="11" fill="{colour}"/>')
        parts.append(_text(x + 16, 42, name, "start"))
        x += 34 + 6.6 * len(name)
    return parts


def _target(plot: Plot, top: float) -> list[str]:
    if plot.target is None:
        return []
    y = _y(plot.target, top)
    dashed = _line(LEFT, y, WIDTH - RIGHT, y, f'stroke="{INK}" stroke-dasharray="5 4"')
    return [dashed, _text(WIDTH - RIGHT, y - 5, f"{plot.target:g}", "end", 'font-size="11"')]


def _bars(plot: Plot, top: float) -> list[str]:
    labels = [label for label, _ in next(iter(plot.lines.values()))]
    room = (WIDTH - LEFT - RIGHT) / len(labels)
    width = min(60.0, room * 0.8 / len(plot.lines))
    parts = []
    for place, label in enumerate(labels):
        middle = LEFT + room * (place + 0.5)
        parts.append(_text(middle, HEIGHT - BOTTOM + 18, str(label)))
        for number, (line, colour) in enumerate(zip(plot.lines.values(), _colours(plot.lines), strict=True)):
            x, value = middle + (number - len(plot.lines) / 2) * width, line[place][1]
            y = _y(value, top)
            box = f'x="{x:.1f}" y="{y}" width="{width - 3:.1f}" height="{HEIGHT - BOTTOM - y:.1f}"'
            parts.append(f'<rect {box} fill="{colour}"/>')
            parts.append(_text(x + width / 2 - 1.5, y - 4, f"{value:.3g}", more=SMALL))
    return parts


def _lines(plot: Plot, top: float) -> list[str]:
    all_x = [float(x) for line in plot.lines.values() for x, _ in line]
    least, most = min(all_x), max(all_x)
    wide = most / least >= 100 and len(set(all_x)) < 9

    def across(x: float) -> float:
        share = log10(x / least) / log10(most / least) if wide else (x - least) / ((most - least) or 1)
        return LEFT + 24 + share * (WIDTH - LEFT - RIGHT - 48)

    marks = sorted(set(all_x)) if len(set(all_x)) < 9 else [least, (least + most) // 2, most]
    parts = [_text(across(x), HEIGHT - BOTTOM + 18, f"{x:,.0f}") for x in marks]
    for line, colour in zip(plot.lines.values(), _colours(plot.lines), strict=True):
        points = [(across(float(x)), _y(y, top)) for x, y in line]
        path = " ".join(f"{x:.1f},{y}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        if len(points) < 9:
            parts += [f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="{colour}"/>' for x, y in points]
            parts += [
                _text(x, place - 9, f"{y:.3g}", more=SMALL)
                for (x, place), (_, y) in zip(points, line, strict=True)
            ]
    return parts
