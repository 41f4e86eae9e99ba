"use strict";
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const state = data.initial;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const config = {
    displayModeBar: false,
    responsive: true,
  };

  // Colours of text, axes and shapes come from the page, so that figures follow light and dark.
  function colours() {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(`--${name}`).trim();
  }

  function themed(layout) {
    const colour = colours();
    const axis = (given) => ({
      ...given, color: colour("ink"), gridcolor: colour("grid"), linecolor: colour("line"),
      automargin: false, fixedrange: true,
    });
    const shapes = (layout.shapes || []).map((shape) => {
      const fill = { band: "band", training: "training" }[shape.name];
      const line = { reference: "soft", outline: "ink", "outline-under": "page" }[shape.name];
      return {
        ...shape,
        ...(fill && { fillcolor: colour(fill) }),
        line: { ...shape.line, ...(line && { color: colour(line) }) },
      };
    });
    return {
      ...layout, shapes, xaxis: axis(layout.xaxis), yaxis: axis(layout.yaxis),
      paper_bgcolor: colour("page"), plot_bgcolor: "transparent", dragmode: false,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("ink") },
      hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("line"), font: { color: colour("ink") }, align: "left" },
    };
  }

  function draw(target, figure, caption) {
    const width = paper() ? { width: target.clientWidth } : {};
    Plotly.react(target, figure.data, { ...themed(figure.layout), ...width }, config);
    target.setAttribute("aria-label", caption);
  }

  // On screen each figure is drawn in a task of its own, so that the page can be used meanwhile.
  const paper = () => document.documentElement.classList.contains("paper");
  const soon = (task, ...given) => (paper() ? task(...given) : setTimeout(task, 0, ...given));

  function drawGaps() {
    const found = (data.gaps[state.level] || {})[state.metric];
    if (!found) return;
    draw(document.getElementById("gap-plot"), found.figure, found.caption);
  }

  function element(name, text) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    return made;
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

  const drawings = {
    level: [drawGaps, drawMaps, drawCurves, drawHorizons, drawAttribution, drawReactions],
    metric: [drawGaps],
    task: [drawMaps, drawAttribution], quantity: [drawMaps], left: [drawMaps], right: [drawMaps],
    families: [drawCurves], scale: [drawCurves, drawAttribution], view: [drawAttribution],
  };

  function show(changed) {
    all("[data-level]").forEach((part) => {
      part.hidden = ["level", "metric", "task", "view"].some(
        (name) => part.dataset[name] !== undefined && part.dataset[name] !== state[name]);
    });
    (changed ? drawings[changed] : drawings.level).forEach((drawing) => soon(drawing));
  }

  all("[data-state]").forEach((select) => {
    select.value = state[select.dataset.state];
    select.addEventListener("change", () => {
      const name = select.dataset.state;
      state[name] = select.value;
      all(`[data-state=${name}]`).forEach((other) => { other.value = select.value; });
      show(name);
    });
  });

  // The leaderboard: headers sort within each group of rows; numbers tell where they come from.
  function sort(button) {
    const header = button.closest("th");
    const ascending = header.getAttribute("aria-sort") !== "ascending";
    const column = Number(button.dataset.sort);
    const table = button.closest("table");
    all("th[aria-sort]", table).forEach((th) => th.setAttribute("aria-sort", "none"));
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const key = (row) => {
      if (column === 0) return row.cells[0].textContent;
      let at = 0;
      for (const cell of row.cells) {
        if (at === column) return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
        at += cell.colSpan;
        if (at > column) return null;
      }
      return null;
    };
    const compare = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      const order = typeof x === "string" ? x.localeCompare(y) : x - y;
      return ascending ? order : -order;
    };
    all("tbody", table).forEach((body) => body.append(...all("tr.row", body).sort(compare)));
  }
  all("[data-sort]").forEach((button) => button.addEventListener("click", () => sort(button)));

  const note = document.getElementById("cell-note");
  all("table.leaderboard").forEach((table) => {
    const first = table.querySelector("td.num");
    if (first) first.tabIndex = 0;
    table.addEventListener("click", (event) => {
      const cell = event.target.closest("td");
      if (cell) cell.focus();
    });
    table.addEventListener("focusin", (event) => {
      if (event.target.tagName === "TD") note.textContent = event.target.title;
    });
    table.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
      const cell = event.target.closest("td");
      if (!step || !cell) return;
      const rows = all("tr.row", table);
      const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
      const row = sideways ? cell.parentElement : rows[rows.indexOf(cell.parentElement) + step];
      if (!row) return;
      const next = row.cells[sideways ? cell.cellIndex + step : Math.min(cell.cellIndex, row.cells.length - 1)];
      if (!next || next.tagName !== "TD") return;
      event.preventDefault();
      cell.tabIndex = -1;
      next.focus();
    });
    all("td", table).forEach((cell) => { if (cell !== first) cell.tabIndex = -1; });
  });

  all("[data-save]").forEach((button) => button.addEventListener("click", () => {
    const plot = button.closest("figure").querySelector(".plot");
    const { width, height } = plot.getBoundingClientRect();
    Plotly.downloadImage(plot, { format: "svg", filename: button.dataset.save, width, height });
  }));

  // Light, dark and paper: figures are drawn again in the colours and the width of the moment.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show());
  let opened = [];
  function print(printing) {
    document.documentElement.classList.toggle("paper", printing);
    if (printing) opened = all("details.words:not([open])");
    opened.forEach((part) => { part.open = printing; });
    show();
    if (!printing) soon(() => all(".plot").forEach((plot) => Plotly.Plots.resize(plot)));
  }
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));

  show();
})();
