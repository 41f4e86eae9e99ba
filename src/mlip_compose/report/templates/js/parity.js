// Parity plots: histograms that are unpacked when they are shown.

const counted = new WeakMap(); // panel -> its figure, once it is unpacked

async function withCounts({ data: [heat], layout }) {
  const { packed, bins, ...rest } = heat;
  const counts = new Uint32Array((await inflate(packed)).buffer);
  const rows = Array.from({ length: bins }, (_, predicted) =>
    Array.from({ length: bins }, (__, reference) => counts[reference * bins + predicted]));
  const ticks = [1, 10, 100, 1000, 1e4, 1e5, 1e6].filter((tick) => Math.log10(tick) <= heat.zmax);
  return {
    data: [{
      ...rest,
      z: rows.map((row) => row.map((count) => (count ? Math.log10(count) : null))),
      text: rows.map((row) => row.map((count) => count.toLocaleString("en"))),
      colorscale: data.colours.map((colour, i) => [i / (data.colours.length - 1), colour]),
      colorbar: { title: { text: "pairs" }, thickness: 12, tickvals: ticks.map(Math.log10), ticktext: ticks.map((tick) => tick.toLocaleString("en")) },
    }],
    layout,
  };
}

function drawParity(figure, panels, label) {
  figure.hidden = !panels;
  if (!panels) return;
  figure.querySelector("h3").textContent = `${label} on ${state.task}, level ${state.level}`;
  const home = figure.querySelector(".panels");
  all(".js-plotly-plot", home).forEach((plot) => Plotly.purge(plot));
  const afterwards = []; // what is drawn has to have its place and width first
  home.replaceChildren(...panels.map((panel) => {
    const part = element("div");
    const target = element("div");
    target.className = "plot";
    target.setAttribute("role", "img");
    target.style.minHeight = `${panel.figure.layout.height}px`;
    const note = element("p", panel.caption);
    note.className = "note";
    part.append(element("h4", panel.title), target, note);
    const words = `${panel.title}: ${panel.caption}`;
    if (counted.has(panel)) afterwards.push(() => draw(target, counted.get(panel), words));
    else {
      withCounts(panel.figure).then((found) => {
        counted.set(panel, found);
        draw(target, found, words);
      });
    }
    return part;
  }));
  afterwards.forEach((task) => task());
}

function drawParities() {
  const found = ((data.parities || {})[state.level] || {})[state.task] || {};
  all("[data-parity]").forEach((figure) => drawParity(figure, found[state[figure.dataset.parity]], state[figure.dataset.parity]));
  all("[data-no-parity]").forEach((note) => {
    note.hidden = ["left", "right"].some((side) => found[state[side]]);
  });
}

follow(["level", "task", "left", "right"], drawParities);
