// What each figure of the page shows, from the data of the study and what is chosen.

function drawGaps() {
  const found = (data.gaps[state.level] || {})[state.metric];
  if (!found) return;
  draw(document.getElementById("gap-plot"), found.figure, found.caption);
}

// Numbers in the cells: white on the dark half of the colours, black on the light one.
function cellTexts(heat, width) {
  const size = Math.max(8, Math.min(12, (width - 110) / heat.x.length / 2.6));
  return [["#ffffff", 0, 0.47], ["#000000", 0.47, Infinity]].map(([color, from, to]) => {
    const trace = { type: "scatter", mode: "text", hoverinfo: "skip", x: [], y: [], text: [], textfont: { color, size } };
    heat.z.forEach((row, i) => row.forEach((z, j) => {
      const at = Math.max(0, (z - heat.zmin) / (heat.zmax - heat.zmin));
      if (z === null || at < from || at >= to) return;
      trace.x.push(j);
      trace.y.push(i);
      trace.text.push(heat.text[i][j]);
    }));
    return trace;
  });
}

function drawMap(figure, document_, label) {
  const values = document_.values[label];
  figure.hidden = !values;
  if (!values) return;
  const scale = document_.scales[state.quantity];
  const colorscale = data.colours.map((colour, i) => [i / (data.colours.length - 1), colour]);
  figure.querySelector("h3").textContent = `${label} on ${state.task}, level ${state.level}`;
  figure.querySelector("[data-caption]").textContent = document_.captions[label];
  const home = figure.querySelector(".panels");
  all(".plot", home).forEach((plot) => Plotly.purge(plot));
  home.replaceChildren();
  document_.panels.forEach((panel, i) => {
    const plot = element("div");
    plot.className = "plot";
    plot.setAttribute("role", "img");
    home.append(element("h4", panel.title), plot);
    const heat = {
      ...panel.figure.data[0], ...values[state.quantity][i],
      zmin: scale.zmin, zmax: scale.zmax, colorscale, showscale: false,
    };
    draw(plot, { data: [heat, ...cellTexts(heat, plot.clientWidth)], layout: panel.figure.layout }, `${panel.title}. ${document_.captions[label]}`);
  });
}

function drawScale(scale) {
  const home = document.querySelector(".colourscale");
  const chosen = document.querySelector("[data-state=quantity]").selectedOptions[0];
  home.querySelector("[data-scale-label]").textContent = chosen.textContent;
  home.querySelector(".bar").style.background = `linear-gradient(to right, ${data.colours.join(", ")})`;
  home.querySelector(".ticks").replaceChildren(...scale.ticktext.map((text, i) => {
    const tick = element("span", text);
    tick.style.left = `${100 * (scale.tickvals[i] - scale.zmin) / (scale.zmax - scale.zmin)}%`;
    return tick;
  }));
}

function drawMaps() {
  const found = (data.maps[state.level] || {})[state.task];
  if (!found) return;
  drawScale(found.scales[state.quantity]);
  all("[data-map]").forEach((figure) => drawMap(figure, found, state[figure.dataset.map]));
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
    draw(figure.querySelector(".plot"), {
      data: traces.map((trace) => ({ ...trace, visible: trace.meta.role !== "scale" || state.scale === "show" })),
      layout: { ...layout, yaxis: found.axes[state.scale] },
    }, found.caption);
  });
}

function drawHorizons() {
  all("[data-horizon]").forEach((plot) => {
    const { figure } = data.horizons[Number(plot.dataset.horizon)];
    draw(plot, figure, plot.getAttribute("aria-label"));
  });
}

function drawReactions() {
  all("[data-reaction]").forEach((plot) => {
    const { level, figure } = data.reactions[Number(plot.dataset.reaction)];
    if (level === state.level) soon(draw, plot, figure, plot.getAttribute("aria-label"));
  });
}

follow(["level", "metric"], drawGaps);
follow(["level", "task", "quantity", "left", "right"], drawMaps);
follow(["level", "families", "scale"], drawCurves);
follow(["level"], drawHorizons);
follow(["level", "task", "scale", "view"], drawAttribution);
follow(["level"], drawReactions);
