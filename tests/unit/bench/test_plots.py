"""The plots are SVG that any browser draws."""

from xml.etree import ElementTree

from bench.figures import Plot
from bench.plots import svg

BARS = Plot(
    "pace", "Share <used>", "sends", "%", {"ours": [("1/s", 99.0)], "them": [("1/s", 52.0)]}, target=100
)
LINES = Plot("growth", "CPU", "stored", "s", {"ours": [(1_000, 9.0), (1_000_000, 9.5)]}, kind="lines")


def test_a_plot_is_well_formed_and_names_its_lines() -> None:
    for plot in (BARS, LINES):
        root = ElementTree.fromstring(svg(plot))
        texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]

        assert plot.title in texts
        assert set(plot.lines) <= set(texts)


def test_every_value_is_drawn_within_the_picture() -> None:
    root = ElementTree.fromstring(svg(BARS))
    bars = [one for one in root.iter("{http://www.w3.org/2000/svg}rect") if "width" in one.attrib][1:]

    assert all(float(bar.attrib["y"]) >= 0 for bar in bars)
