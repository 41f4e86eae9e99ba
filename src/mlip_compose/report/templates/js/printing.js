// The page on paper: light, as wide as the paper, and with what cannot be unfolded there.

// On paper nothing can be unfolded: definitions, drawings and settings are, what else is folded is
// left out; and tables that are too wide are made smaller.
const UNFOLDED = "details:is(.words, .surroundings, .settings):not([open])";
let unfolded = [];

function fitTables(printing) {
  all(".scroll table").forEach((table) => { table.style.zoom = ""; });
  if (!printing) return;
  all(".scroll").filter((home) => home.clientWidth && home.scrollWidth > home.clientWidth).forEach((home) => {
    home.querySelector("table").style.zoom = home.clientWidth / home.scrollWidth;
  });
}

function sayWhatIsPrinted() {
  const chosen = ["level", "task", "metric"].map((name) => [name, document.querySelector(`[data-state=${name}]`)])
    .filter(([, select]) => select).map(([name, select]) => `${name} ${select.selectedOptions[0].textContent}`);
  all("[data-printed]").forEach((note) => {
    note.textContent = `Printed as the page was when it was printed (${chosen.join("; ")}). What was folded away is left out; the page itself has all levels, tasks and metrics.`;
  });
}

function print(printing) {
  document.documentElement.classList.toggle("paper", printing);
  if (printing) unfolded = all(UNFOLDED);
  unfolded.forEach((part) => { part.open = printing; });
  sayWhatIsPrinted();
  show();
  fitTables(printing);
  if (!printing) soon(() => all(".js-plotly-plot").forEach((plot) => Plotly.Plots.resize(plot)));
}
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));
