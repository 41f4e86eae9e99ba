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
  return [...last("H3"), ...last("H4")].map(({ childNodes }) => Array.from(childNodes)
    .map(({ textContent }) => textContent.replace(/\s+/g, " ").trim()).filter(Boolean).join(": "));
}

function fileName(target) {
  const section = target.closest("section");
  const of = headings(target);
  const level = of.some((text) => text.includes("level")) ? "" : `level ${state.level}`;
  const parts = [state.study, section ? section.id : "figure", ...of, target.dataset.name, level];
  return parts.filter(Boolean).join("_").normalize("NFKD").replace(/[^\w.-]+/g, "-").replace(/-*_+-*/g, "_")
    .replace(/^[-_]+|[-_]+$/g, "").slice(0, 120);
}

function saved(target) {
  const { data: traces, layout } = figures.get(target);
  const root = document.documentElement;
  const printing = paper();
  root.classList.add("paper");
  const light = themed(layout);
  root.classList.toggle("paper", printing);
  const meta = layout.meta || {};
  const ownLegend = !(layout.annotations || meta.labelled);
  const lines = [...headings(target), ...(meta.parts ? ["filled: training molecules (ID), open: unseen molecules (OOD)"] : [])];
  const above = 12 + 19 * lines.length;
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
      height: layout.height + above + below,
      margin: { l, r: r + (scale ? 70 : 0), t: t + above, b: b + below },
      annotations: [...light.annotations, {
        text: lines.map(escaped).join("<br>"), align: "left", showarrow: false, font: { size: 13 },
        x: 0, xref: "paper", xanchor: "left", y: 1, yref: "paper", yanchor: "bottom", yshift: 6,
      }],
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
