// What each figure of the page shows, from the data of the study and what is chosen.

function drawGaps() {
  const found = (data.gaps[state.level] || {})[state.metric];
  const target = document.getElementById("gap-plot");
  if (!found || !target) return;  // no potential of the study has a gap
  target.dataset.name = state.metric;
  draw(target, found.figure, found.caption);
}

function drawCurves() {
  const found = data.curves[state.level];
  if (!found) return;
  all(`.panelgrid[data-level="${state.level}"] [data-curve]`).forEach((plot) => {
    const { data: traces, layout } = found.panels[Number(plot.dataset.curve)].figure;
    const visible = ({ entry, role, single }) =>
      (!single || entry === state.families) && (role !== "scale" || state.scale === "show");
    soon(draw, plot, {
      data: traces.map((trace) => ({ ...trace, visible: visible(trace.meta) })),
      layout: { ...layout, yaxis: found.axes[state.scale] },
    }, plot.getAttribute("aria-label"));
  });
}

function drawAttribution() {
  all("[data-attribution]").forEach((figure) => {
    const found = ((data.attributions[state.level] || {})[state.task] || {})[state.view];
    figure.hidden = !found;
    if (!found) return;
    const { data: traces, layout } = found.figure;
    figure.querySelector("[data-caption]").textContent = found.caption;
    const target = figure.querySelector(".plot");
    target.dataset.name = `${state.task}_${state.view}`;
    draw(target, {
      data: traces.map((trace) => ({ ...trace, visible: trace.meta.role !== "scale" || state.scale === "show" })),
      layout: { ...layout, yaxis: found.axes[state.scale] },
    }, found.caption);
  });
}

// Figures that stay as they are: each says where in the data it is.
function drawStored() {
  all("[data-figure]").filter((target) => !target.closest("[hidden]")).forEach((target) => {
    const figure = target.dataset.figure.split("/").reduce((within, key) => within[key], data);
    soon(draw, target, figure, target.getAttribute("aria-label"));
  });
}

follow(["level", "metric"], drawGaps);
follow(["level", "families", "scale"], drawCurves);
follow(["level", "task", "scale", "view"], drawAttribution);
follow(["level", "cost", "task"], drawStored);
