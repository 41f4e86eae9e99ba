// Every figure can be saved, as it is, in the colours of paper and with a legend of its own.

const inLegend = ({ name, meta, visible, type }) =>
  name && visible !== false && type === "scatter" && !(meta && meta.single);

function withLegend(traces) {
  const named = new Set();
  return traces.map((trace) => {
    const first = inLegend(trace) && !named.has(trace.name);
    if (first) named.add(trace.name);
    return { ...trace, showlegend: first, ...(trace.type === "heatmap" && { showscale: true }) };
  });
}

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

// What a figure is of: the headings above it.
function headings(target) {
  const figure = target.closest("figure");
  const own = figure ? all("h3, h4", figure).filter((heading) =>
    heading.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING) : [];
  const last = (name) => own.filter(({ tagName }) => tagName === name).slice(-1);
  return [...last("H3"), ...last("H4")].map(({ textContent }) => textContent.replace(/\s+/g, " ").trim());
}

function fileName(target) {
  const section = target.closest("section");
  const parts = [state.study, section ? section.id : "figure", ...headings(target), target.dataset.name || ""];
  return parts.filter(Boolean).join("_").normalize("NFKD").replace(/[^\w.-]+/g, "-").replace(/-*_+-*/g, "_")
    .replace(/^[-_]+|[-_]+$/g, "").slice(0, 100);
}

function saved(target) {
  const { data: traces, layout } = figures.get(target);
  const root = document.documentElement;
  const printing = paper();
  root.classList.add("paper");
  const light = themed(layout);
  root.classList.toggle("paper", printing);
  const ownLegend = !(layout.annotations || (layout.meta && layout.meta.labelled));
  const shown = withLegend(traces);
  const entries = ownLegend ? shown.filter(({ showlegend }) => showlegend).length : 0;
  const below = entries ? 26 + 20 * Math.ceil(entries / 2) : 0;
  const scale = traces.some(({ type }) => type === "heatmap");
  const { l, r, t, b } = layout.margin;
  return {
    data: shown,
    layout: {
      ...light,
      width: Math.max(target.clientWidth, 480),
      height: layout.height + 30 + below,
      margin: { l, r: r + (scale ? 70 : 0), t: t + 30, b: b + below },
      title: { text: escaped(headings(target).join(": ")), font: { size: 14 }, x: 0, xref: "paper", xanchor: "left", y: 1, yref: "container", yanchor: "top", pad: { t: 10 } },
      showlegend: entries > 0,
      legend: { orientation: "h", yref: "container", y: 0, yanchor: "bottom", x: 0, xanchor: "left" },
    },
  };
}

function offerSaving(target) {
  if (target.nextElementSibling && target.nextElementSibling.classList.contains("saves")) return;
  const saves = element("div");
  saves.className = "saves save";
  ["svg", "png"].forEach((format) => {
    const button = element("button", `Save ${format.toUpperCase()}`);
    button.type = "button";
    button.dataset.save = format;
    button.setAttribute("aria-label", `Save ${format.toUpperCase()}: ${headings(target).join(", ") || "this figure"}`);
    button.addEventListener("click", () => {
      const { data: traces, layout } = saved(target);
      const { width, height } = layout;
      Plotly.downloadImage({ data: traces, layout }, { format, filename: fileName(target), width, height, scale: format === "png" ? 3 : 1 });
    });
    saves.append(button);
  });
  target.after(saves);
}
