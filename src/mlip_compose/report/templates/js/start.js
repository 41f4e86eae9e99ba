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


// The study that is shown; others wait in templates, and take its place when they are chosen.
function start(study) {
  data = JSON.parse(document.querySelector(`.report-data[data-study="${study}"]`).textContent);
  const chosen = state || {};
  state = data.initial;
  Object.keys(state).forEach((name) => {
    const options = all(`[data-state=${name}] option`).map((option) => option.value);
    if (options.includes(chosen[name])) state[name] = chosen[name];
  });
  starts.forEach((task) => task());
  show();
}

start("0");
