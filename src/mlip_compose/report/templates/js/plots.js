// How a Plotly figure gets onto the page: in the page's colours, once it comes into view.

const plotting = { displayModeBar: false, responsive: true };

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
    annotations: (layout.annotations || []).map((note) => ({ ...note, arrowcolor: colour("soft") })),
    paper_bgcolor: colour("page"), plot_bgcolor: "transparent", dragmode: false,
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("ink") },
    hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("line"), font: { color: colour("ink") }, align: "left" },
  };
}

const figures = new WeakMap(); // element -> the figure that belongs there
const drawn = new WeakSet(); // elements that have come into view
const inView = new IntersectionObserver((entries) => {
  entries.filter(({ isIntersecting }) => isIntersecting).forEach(({ target }) => {
    inView.unobserve(target);
    drawn.add(target);
    soon(plot, target);
  });
}, { rootMargin: "300px" });

function plot(target) {
  if (!target.isConnected) return;
  const { data: traces, layout, click } = figures.get(target);
  const width = paper() ? { width: target.clientWidth } : {};
  const first = !target.on;
  Plotly.react(target, traces, { ...themed(layout), ...width }, plotting);
  if (first && click) target.on("plotly_click", (event) => figures.get(target).click(event));
}

// Show a figure in an element: at once where it was drawn before or is to be printed, otherwise
// when it comes near the screen. Room is kept for it, so that nothing moves.
function draw(target, figure, caption) {
  figures.set(target, figure);
  target.setAttribute("aria-label", caption);
  target.style.minHeight = `${figure.layout.height || 0}px`;
  if (paper() || drawn.has(target)) soon(plot, target);
  else inView.observe(target);
  offerSaving(target);
}
