// Draws each .chart as stacked bars, in the colours of the page and the time of Rome.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const resolved = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Rome" });
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short", day: "numeric", timeZone: "Europe/Rome" });

  for (const place of document.querySelectorAll(".chart")) {
    const { starts, good, bad, other } = JSON.parse(place.dataset.chart);
    const long = starts.at(-1) - starts[0] > 2 * 86400;
    const stacked = [good.map((n, i) => n + bad[i] + other[i]), good.map((n, i) => n + bad[i]), good];
    const bars = (stroke) => ({ stroke, fill: stroke, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.85, 40] }) });
    const axis = { stroke: resolved("--ink-soft"), font: `12px ${colour("--text")}`, grid: { stroke: resolved("--line"), width: 1 }, ticks: { show: false } };
    const chart = new uPlot({
      width: place.clientWidth,
      height: 260,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_chart, _least, most) => [0, Math.max(4, most * 1.1)] } },
      axes: [
        { ...axis, values: (_chart, splits) => splits.map((at) => (long ? day : clock).format(at * 1000)) },
        { ...axis, values: (_chart, splits) => splits.map((n) => (Number.isInteger(n) ? n.toLocaleString(document.documentElement.lang) : "")) },
      ],
      series: [{}, bars(resolved("--line-strong")), bars(resolved("--bad")), bars(resolved("--good"))],
    }, [starts, ...stacked], place);
    new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 260 })).observe(place);
  }
})();
