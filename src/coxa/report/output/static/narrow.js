/* Charts for a narrow screen: as wide as the screen, panels below one another, letters as large as before. */
const narrowed = (() => {
  const LEAST = 110;
  const AXIS = 70;
  const ROW = 74;
  const isPanels = (chart) => "concat" in chart || ("facet" in chart && "columns" in chart);

  /* Of a chart, or of those next to one another in it. */
  function widths(chart) {
    const own = typeof chart.width === "number" ? [chart.width] : [];
    return [...own, ...(chart.hconcat ?? []).flatMap(widths)];
  }

  /* A chart whose axes leave out names that would run into one another. */
  const sparse = (encoding) => Object.fromEntries(Object.entries(encoding).map(([channel, one]) => (
    [channel, one?.axis?.labelOverlap === false ? { ...one, axis: { ...one.axis, labelOverlap: "greedy" } } : one])));

  function resized(chart, room) {
    const width = typeof chart.width === "number" ? { width: Math.round(room) } : {};
    const parts = ["concat", "vconcat", "layer"].filter((kind) => kind in chart);
    const inner = Object.fromEntries(parts.map((kind) => [kind, chart[kind].map((one) => resized(one, room))]));
    const axes = chart.encoding ? { encoding: sparse(chart.encoding) } : {};
    return { ...chart, ...width, ...inner, ...axes, ...("spec" in chart ? { spec: resized(chart.spec, room) } : {}) };
  }

  const isForest = ({ hconcat: [first, texts] = [] }) => first?.layer && texts?.mark?.type === "text";

  /* The charts below one another, each with the names of its rows, which the first has on a wide screen. */
  function below({ hconcat: [first, ...rest], ...chart }) {
    const { y } = first.encoding;
    const named = (one) => (one.encoding?.y ? { ...one, encoding: { ...one.encoding, y } } : one);
    return { ...chart, vconcat: [first, ...rest.map((one) => ({ ...one, layer: one.layer.map(named) }))] };
  }

  /* A row for each interval: its name above it, which is right of it on a wide screen left, and its numbers below it. */
  function forest(chart, room) {
    const [{ layer, height }, { data, mark, encoding }] = chart.hconcat;
    const rows = new Set(chart.datasets[data.name].map((row) => row[encoding.y.field])).size;
    const inside = { labelAlign: "left", labelBaseline: "bottom", labelOffset: -9, labelPadding: 0, labelLimit: room };
    const named = layer.map((one) => (one.encoding.y?.axis
      ? { ...one, encoding: { ...one.encoding, y: { ...one.encoding.y, axis: { ...one.encoding.y.axis, ...inside } } } }
      : one));
    const { axis, ...y } = encoding.y;
    const numbers = { data, mark: { ...mark, align: "left", dy: 17 }, encoding: { ...encoding, x: { value: 0 }, y } };
    const { hconcat, spacing, ...rest } = chart;
    return { ...rest, layer: [...named, numbers], width: room - 2, height: Math.max(height, ROW * rows) };
  }

  /* The chart for so many pixels; null where its letters would not fit, or it is narrow enough already. */
  return (chart, drawn, room) => {
    if (drawn <= room) return null;
    const legend = { ...chart.config.legend, columns: 1, labelLimit: room - 40 };
    const axis = { ...chart.config.axis, labelOverlap: "greedy", labelSeparation: 3 };
    const anew = { ...chart, config: { ...chart.config, legend, axis } };
    if (isPanels(chart)) return { ...resized(anew, room - AXIS), columns: 1 };
    if (chart.facet) return null;
    if (isForest(chart)) return forest(anew, room);
    const [first, ...rest] = widths(chart.vconcat ? chart.vconcat[0] : chart);
    const beside = rest.reduce((sum, one) => sum + one, 0) + (rest.length ? chart.spacing ?? 0 : 0);
    const left = room - (drawn - first - beside);
    if (left < LEAST || (rest.length && chart.vconcat)) return null;
    return resized(rest.length ? below(anew) : anew, left);
  };
})();
