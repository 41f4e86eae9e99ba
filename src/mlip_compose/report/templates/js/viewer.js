// A molecule in three dimensions: atoms in the colours of their errors, forces as arrows.
// 3Dmol waits in the page as text and is run when a molecule is first looked at.

function viewerLibrary() {
  const waiting = document.getElementById("viewer-library");
  if (!window.$3Dmol && waiting) document.head.append(element("script", waiting.textContent));
  return window.$3Dmol;
}

function hasWebGL() {
  const canvas = document.createElement("canvas");
  return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
}

// The colour of an error between 0 and the end of the scale, as #rrggbb.
function errorColour(part) {
  const at = Math.max(0, Math.min(1, part)) * (data.colours.length - 1);
  const i = Math.min(Math.floor(at), data.colours.length - 2);
  const channel = (colour, c) => parseInt(colour.slice(1 + 2 * c, 3 + 2 * c), 16);
  return `#${[0, 1, 2].map((c) => {
    const [a, b] = [channel(data.colours[i], c), channel(data.colours[i + 1], c)];
    return Math.round(a + (at - i) * (b - a)).toString(16).padStart(2, "0");
  }).join("")}`;
}

// The next of 1, 1.5, 2, 3, 5, 7, 10, 15 ... that is not smaller.
function roundUp(value) {
  const decade = 10 ** Math.floor(Math.log10(value || 1));
  return +(decade * [1, 1.5, 2, 3, 5, 7, 10].find((step) => step * decade >= value * (1 - 1e-9))).toPrecision(3);
}

// Rows of a rotation that lays the two atoms furthest apart along x, and the widest third along y.
function layFlat(atoms) {
  const minus = (a, b) => a.map((x, i) => x - b[i]);
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const unit = (a) => a.map((x) => x / (Math.hypot(...a) || 1));
  const longest = (vectors) => vectors.reduce((a, b) => (Math.hypot(...b) > Math.hypot(...a) ? b : a), [0, 0, 0]);
  const first = unit(longest(atoms.flatMap((a) => atoms.map((b) => minus(b, a)))));
  const across = atoms.map((a) => minus(a, atoms[0])).map((v) => minus(v, first.map((x) => x * dot(v, first))));
  const second = unit(longest(across));
  if (!Math.hypot(...first) || !Math.hypot(...second)) return (vector) => vector;
  const third = [1, 2, 0].map((j, i) => {
    const k = [2, 0, 1][i];
    return first[j] * second[k] - first[k] * second[j];
  });
  return (vector) => [dot(first, vector), dot(second, vector), dot(third, vector)];
}

const point = ([x, y, z]) => ({ x, y, z });

// A viewer in an element; null where there is no WebGL. `show` draws what is given:
// elements, bonds (atom, atom, order), positions, errors, limit of the colours, arrows
// ({start, end, style}), and whether the molecule is another one than before.
function createViewer(home) {
  const library = hasWebGL() && viewerLibrary();
  if (!library) return null;
  home.replaceChildren();
  const viewer = library.createViewer(home, { backgroundAlpha: 0, antialias: true, disableFog: true });
  if (!viewer) return null;
  viewer.setBackgroundColor("#000000", 0);
  all("canvas", home).forEach((canvas) => canvas.setAttribute("aria-hidden", "true"));
  let width = home.clientWidth;
  // The wheel scrolls the page until the viewer was clicked or reached with the keyboard.
  home.addEventListener("wheel", (event) => {
    if (!home.contains(document.activeElement)) event.stopImmediatePropagation();
  }, { capture: true });
  home.addEventListener("pointerdown", () => home.focus({ preventScroll: true }), { capture: true });

  function arrows(given) {
    const colour = colours();
    const styles = {
      reference: { color: colour("soft"), radius: 0.11, radiusRatio: 1.8, mid: 0.75, opacity: 0.65 },
      predicted: { color: colour("predicted"), radius: 0.05, radiusRatio: 2.6, mid: 0.8 },
    };
    given.forEach(({ start, end, style }) => viewer.addArrow({ start: point(start), end: point(end), ...styles[style] }));
  }

  function show({ elements, bonds, positions, errors, limit, arrows: given, another }) {
    if (home.clientWidth !== width) viewer.resize(); // as on paper
    width = home.clientWidth;
    viewer.removeAllModels();
    viewer.removeAllShapes();
    viewer.removeAllLabels();
    const atoms = elements.map((elem, i) => ({ elem, serial: i, bonds: [], bondOrder: [], ...point(positions[i]) }));
    bonds.forEach(([a, b, order]) => [[a, b], [b, a]].forEach(([from, to]) => {
      atoms[from].bonds.push(to);
      atoms[from].bondOrder.push(order);
    }));
    const model = viewer.addModel();
    model.addAtoms(atoms);
    const colorfunc = ({ serial }) => (errors[serial] === null ? "#888888" : errorColour(errors[serial] / limit));
    viewer.setStyle({}, { stick: { radius: 0.11, colorfunc }, sphere: { scale: 0.2, colorfunc } });
    arrows(given);
    const ink = colours()("ink");
    elements.forEach((elem, i) => {
      if (elem === "C" || elem === "H") return;
      viewer.addLabel(elem, {
        position: point(positions[i]), fontColor: ink, fontSize: 13, bold: true, padding: 1,
        backgroundColor: colours()("page"), backgroundOpacity: 0.85, inFront: true,
        alignment: "bottomLeft", screenOffset: { x: 9, y: 9, z: 0 },
      });
    });
    viewer.setViewStyle({ style: "outline", color: ink, width: 0.025 });
    if (another) lookAtAll();
    viewer.render();
  }

  function lookAtAll() {
    viewer.zoomTo();
    viewer.zoom(1.25); // a chain is long and flat: it fits the width of the view
  }

  const turns = {
    left: () => viewer.rotate(-15, "y"), right: () => viewer.rotate(15, "y"),
    up: () => viewer.rotate(-15, "x"), down: () => viewer.rotate(15, "x"),
    in: () => viewer.zoom(1.2), out: () => viewer.zoom(1 / 1.2),
    reset: () => { viewer.setView([0, 0, 0, 0, 0, 0, 0, 1]); lookAtAll(); },
  };
  function turn(how) {
    turns[how]();
    viewer.render();
  }
  home.addEventListener("keydown", (event) => {
    const how = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "in", "-": "out", 0: "reset" }[event.key];
    if (!how) return;
    event.preventDefault();
    turn(how);
  });
  return { show, turn, picture: () => viewer.pngURI(), end: () => viewer.removeAllModels() };
}
