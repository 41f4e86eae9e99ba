// The map: families and chain lengths, or end group and end group, coloured by error or gap.

// Numbers in the cells: white on the dark half of the colours, black on the light one.
function cellTexts(heat, width) {
  const size = Math.max(8, Math.min(12, (width - 110) / heat.x.length / 2.6));
  return [["#ffffff", 0, 0.47], ["#000000", 0.47, Infinity]].map(([color, from, to]) => {
    const trace = { type: "scatter", mode: "text", hoverinfo: "skip", showlegend: false, x: [], y: [], text: [], textfont: { color, size } };
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

// The section of the molecule listens; the address names the molecule, for a link to it.
function openMolecule(molecule, potential) {
  history.pushState(null, "", `#molecule=${encodeURIComponent(molecule)}`);
  const detail = { molecule, task: state.task, potential };
  document.dispatchEvent(new CustomEvent("open-molecule", { detail }));
}

function cellLink(molecule, text, what, potential) {
  const link = element("a", text);
  link.href = `#molecule=${encodeURIComponent(molecule)}`;
  link.setAttribute("aria-label", `${molecule}, ${what}: ${text}`);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    openMolecule(molecule, potential);
  });
  return link;
}

function cellTable(panel, values, potential) {
  const table = element("table");
  const head = table.createTHead().insertRow();
  ["", ...panel.columns].forEach((text) => {
    const cell = element(text ? "th" : "td", text);
    if (text) cell.scope = "col";
    head.append(cell);
  });
  const body = table.createTBody();
  panel.rows.forEach((label, i) => {
    const row = body.insertRow();
    const name = element("th", label);
    name.scope = "row";
    row.append(name);
    panel.columns.forEach((_, j) => {
      const cell = row.insertCell();
      const molecule = panel.molecules[i][j];
      cell.className = "num";
      if (!molecule || !values.text[i][j]) return;
      const trained = panel.trained[i][j];
      cell.classList.toggle("trained", trained);
      cell.append(cellLink(molecule, values.text[i][j], trained ? "training molecule" : "unseen molecule", potential));
    });
  });
  return table;
}

function drawMap(figure, found, label) {
  const values = found.values[label];
  figure.hidden = !values;
  if (!values) return;
  const scale = found.scales[state.quantity];
  const colorscale = data.colours.map((colour, i) => [i / (data.colours.length - 1), colour]);
  figure.querySelector("h3").textContent = `${label} on ${state.task}, level ${state.level}`;
  figure.querySelector("[data-caption]").textContent = found.captions[label];
  const home = figure.querySelector(".panels");
  const tables = figure.querySelector(".tables");
  all(".js-plotly-plot", home).forEach((plot) => Plotly.purge(plot));
  home.replaceChildren();
  tables.replaceChildren();
  tables.setAttribute("aria-label", `The map as a table: ${label} on the ${figure.dataset.map}`);
  found.panels.forEach((panel, i) => {
    const target = element("div");
    target.className = "plot";
    target.dataset.name = state.quantity;
    target.setAttribute("role", "img");
    home.append(element("h4", panel.title), target);
    const own = values[state.quantity][i];
    const heat = {
      ...panel.figure.data[0], ...own,
      zmin: scale.zmin, zmax: scale.zmax, colorscale, showscale: false,
      colorbar: { tickvals: scale.tickvals, ticktext: scale.ticktext, thickness: 12 },
    };
    const click = ({ points }) => {
      const [row, column] = points[0].pointIndex;
      openMolecule(panel.molecules[row][column], label);
    };
    const layout = panel.figure.layout;
    draw(target, { data: [heat, ...cellTexts(heat, target.clientWidth)], layout, click }, `${panel.title}. ${found.captions[label]}`);
    tables.append(element("h4", panel.title), cellTable(panel, own, label));
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
  const others = all("[data-state=quantity], [data-state=left], [data-state=right]", document.getElementById("map"));
  [...others.map((select) => select.closest(".choice")), ...all("#map [data-mapped], #map .colourscale, [data-map]")]
    .forEach((part) => { part.hidden = !found; }); // a task without a map is shown by molecule
  if (!found) return;
  drawScale(found.scales[state.quantity]);
  all("[data-map]").forEach((figure) => drawMap(figure, found, state[figure.dataset.map]));
}

follow(["level", "task", "quantity", "left", "right"], drawMaps);
