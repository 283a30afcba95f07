// Draws each .chart as stacked bars or as lines, in the colours of the page and the time of Rome.
(() => {
  const resolved = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const COLOURS = { good: "--good", bad: "--bad", other: "--line-strong" };
  const language = document.documentElement.lang;
  const font = `12px ${getComputedStyle(document.documentElement).getPropertyValue("--text").trim()}`;
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Rome" });
  const day = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", timeZone: "Europe/Rome" });
  const counted = (n) => (Number.isInteger(n) ? n.toLocaleString(language) : "");
  const timed = (n) => (n >= 5400 ? `${(n / 3600).toLocaleString(language)} h` : n >= 90 ? `${(n / 60).toLocaleString(language)} min` : `${n.toLocaleString(language)} s`);

  // Each bar reaches as high as the sum of its own series and of those before it, so the last one is drawn first.
  const stacked = (series) => {
    const sums = [];
    series.forEach((one, at) => sums.unshift(one.values.map((n, i) => n + (at ? sums[0][i] : 0))));
    return sums;
  };

  for (const place of document.querySelectorAll(".chart")) {
    const { kind, unit, starts, series } = JSON.parse(place.dataset.chart);
    const long = starts.at(-1) - starts[0] > 2 * 86400;
    const bars = kind === "bars";
    const drawn = (one) => {
      const stroke = resolved(COLOURS[one.colour]);
      return bars
        ? { stroke, fill: stroke, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.85, 40] }) }
        : { stroke, width: 2, spanGaps: false, points: { show: true, size: 4 } };
    };
    const wide = (_chart, labels) => (labels ? Math.max(...labels.map((one) => one.length)) * 7 + 14 : 30);
    const axis = { stroke: resolved("--ink-soft"), font, grid: { stroke: resolved("--line"), width: 1 }, ticks: { show: false } };
    const chart = new uPlot({
      width: place.clientWidth,
      height: 260,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_chart, _least, most) => [0, Math.max(unit ? 0.1 : 4, most * 1.1)] } },
      axes: [
        { ...axis, size: 30, values: (_chart, splits) => splits.map((at) => (long ? day : clock).format(at * 1000)) },
        { ...axis, size: wide, values: (_chart, splits) => splits.map(unit ? timed : counted) },
      ],
      series: [{}, ...(bars ? [...series].reverse() : series).map(drawn)],
    }, [starts, ...(bars ? stacked(series) : series.map((one) => one.values))], place);
    new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 260 })).observe(place);
  }
})();
