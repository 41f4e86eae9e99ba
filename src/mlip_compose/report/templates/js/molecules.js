// The section of molecules: which one is shown, its drawing, its errors and its frames.
// Another part of the page opens one by the event `open-molecule` on the document, with detail
// {molecule, task, potential}; an address ending in #molecule=NAME does, too.

{ // what is declared here stays here
const SVG = "http://www.w3.org/2000/svg";
let gallery = null; // index of the study that is shown
let near = false; // whether the section has come near the screen
let opened3d = null; // the viewer, once it was asked for; null where there is none
const shown = {}; // molecule, frame, potential

// The inverse of encode() of evaluation/gallery.py.
async function wholeNumbers(text) {
  const planes = await inflate(text);
  const count = planes.length / 2;
  return Int16Array.from({ length: count }, (_, i) => {
    const folded = planes[i] | (planes[count + i] << 8);
    return folded & 1 ? -(folded + 1) / 2 : folded / 2;
  });
}

const part = (name) => document.querySelector(`[data-molecule-${name}]`);

function svg(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  if (text !== undefined) made.textContent = text;
  return made;
}

const unknown = (name) => `No molecule of this study is called ${name}.`;

function currentSet() {
  return gallery.sets.find(({ task, level }) => task === state.task && level === state.level);
}

function say(text) {
  part("said").textContent = text;
}

// Novel atoms have a filled ring; an atom of which the hydrogens alone are novel a dashed one.
function showDrawing(name, molecule, member) {
  const { width, height, path, letters, atoms } = molecule.drawing;
  const novel = new Set(member ? member.novel : []);
  const bearing = new Set(molecule.bonds.flatMap(([a, b]) => [[a, b], [b, a]])
    .filter(([, other]) => molecule.elements[other] === "H" && novel.has(other)).map(([atom]) => atom));
  const room = 11;
  const words = member && novel.size ? `, ${novel.size} of ${molecule.elements.length} atoms are novel` : "";
  const picture = svg("svg", {
    viewBox: `${-room} ${-room} ${width + 2 * room} ${height + 2 * room}`, width: 1.3 * (width + 2 * room),
    role: "img", "aria-label": `Structure of ${name}: ${molecule.smiles}${words}`,
  });
  atoms.filter(([atom]) => novel.has(atom) || bearing.has(atom)).forEach(([atom, cx, cy]) => {
    picture.append(svg("circle", { cx, cy, r: 10, class: novel.has(atom) ? "halo" : "halo hydrogens" }));
  });
  picture.append(svg("path", { d: path, fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round" }));
  letters.forEach(([x, y, size, letter]) => {
    picture.append(svg("text", { x, y, "font-size": size, fill: "currentColor", "font-family": "sans-serif" }, letter));
  });
  part("drawing").replaceChildren(picture);
  const set = currentSet();
  part("marks").textContent = !novel.size
    ? (member && member.part === "ood" ? `No atom is novel: what is around each, out to ${set.radius + 1} bonds, occurs in training.` : "")
    : `Filled rings: novel atoms, whose surroundings out to ${set.radius + 1} bonds occur in no training molecule; dashed: only hydrogens there are novel. ${novel.size} of ${molecule.elements.length} atoms.`;
}

function showFacts(molecule, member) {
  const tasks = gallery.sets.filter((set) => set.level === state.level && shown.molecule in set.members);
  const role = member
    ? { id: "trained on; tested on new geometries (ID)", ood: "not trained on (OOD)" }[member.part]
    : `not used${tasks.length ? `; used by ${tasks.map(({ task }) => task).join(", ")}` : ""}`;
  const rows = [
    ["formula", molecule.formula], ["SMILES", molecule.smiles],
    ...(molecule.about ? [["made of", molecule.about]] : []),
    [`in ${state.task}, level ${state.level}`, role],
  ];
  part("facts").replaceChildren(...rows.flatMap(([label, text]) => [element("dt", label), element("dd", text)]));
}

function headings(texts, head) {
  const row = head.insertRow();
  texts.forEach(([text, unit, about], i) => {
    const cell = element("th", text);
    cell.scope = "col";
    if (i) cell.className = "num";
    if (about) cell.title = about;
    if (unit) {
      const small = element("span", unit);
      small.className = "unit";
      cell.append(small);
    }
    row.append(cell);
  });
}

function showErrors(member) {
  const table = part("errors");
  table.replaceChildren();
  table.hidden = part("about").hidden = !member;
  if (!member) return;
  const set = currentSet();
  const frame = member.frames[shown.frame];
  headings([["potential"], ...gallery.columns.map(({ label, unit, about }) => [label, unit, about]),
    ["Force MAE, this frame", "meV/Å", "mean absolute error over the components of this frame"]], table.createTHead());
  const body = table.createTBody();
  set.potentials.forEach(({ name }, i) => {
    const row = body.insertRow();
    row.classList.toggle("shown", i === shown.potential);
    const head = element("th", name);
    head.scope = "row";
    row.append(head);
    [...member.table[i], frame.errors[i]].forEach((text) => {
      row.append(Object.assign(element("td", text), { className: "num" }));
    });
  });
  part("about").textContent = `Over ${member.tested} test frames of this molecule, against ${data.molecules.reference}; potentials trained with seed ${set.seed}. A dash: no such atoms or frames, or the prediction failed.`;
}

function fill(select, options, chosen) {
  select.replaceChildren(...options.map((text, i) => Object.assign(element("option", text), { value: i })));
  select.value = String(chosen);
}

// What a frame holds: positions in Angstrom, forces in eV/Angstrom; null where a prediction failed.
function unpack(set, member, values, molecule) {
  const atoms = molecule.elements.length;
  const rows = values.length / 3 / (2 + set.potentials.length);
  const vectors = (block, step) => Array.from({ length: atoms }, (_, atom) => {
    const at = 3 * (block * rows + member.start + shown.frame * atoms + atom);
    return Array.from(values.subarray(at, at + 3), (value) => (value === gallery.failed ? null : value * step));
  });
  const positions = vectors(0, gallery.step.length);
  const reference = vectors(1, gallery.step.force);
  const differences = set.potentials.map(({ role }, i) => {
    const stored = vectors(2 + i, gallery.step.force);
    if (role !== "scale") return stored;
    return stored.map((force, atom) => (force.includes(null) ? force : force.map((x, j) => x - reference[atom][j])));
  });
  return { positions, reference, differences };
}

const size = (vector) => (vector.includes(null) ? null : 1000 * Math.hypot(...vector));
const whole = (value) => (value === null ? "–" : value.toFixed(0));

function showAtoms(molecule, member, reference, predicted, errors) {
  const novel = new Set(member.novel);
  const body = document.querySelector("[data-atoms] tbody");
  body.replaceChildren(...molecule.elements.map((elem, i) => {
    const row = element("tr");
    const head = element("th", String(i + 1));
    head.scope = "row";
    row.append(head, element("td", elem), element("td", novel.has(i) ? "novel" : ""));
    [errors[i], size(reference[i]), size(predicted[i])].forEach((value) => {
      row.append(Object.assign(element("td", whole(value)), { className: "num" }));
    });
    return row;
  }));
}

function showScale(limit) {
  const scale = document.querySelector("[data-viewer-scale]");
  scale.querySelector(".bar").style.background = `linear-gradient(to right, ${data.colours.join(", ")})`;
  scale.querySelector(".ticks").replaceChildren(...[0, 0.25, 0.5, 0.75, 1].map((at) => {
    const tick = element("span", at === 1 ? `≥ ${limit}` : String(+(limit * at).toPrecision(3)));
    tick.style.left = `${100 * at}%`;
    return tick;
  }));
}

function viewer() {
  const place = document.querySelector("[data-viewer]");
  if (opened3d && opened3d.place === place) return opened3d.view;
  let view = null;
  try {
    view = createViewer(place);
  } catch (error) {
    console.warn(`No view in three dimensions: ${error}`);
  }
  opened3d = { place, view };
  place.hidden = document.querySelector("[data-viewer-turns]").hidden = !view;
  const said = document.querySelector("[data-viewer-said]");
  said.hidden = Boolean(view);
  said.textContent = view ? "" : "This browser shows nothing in three dimensions (it has no WebGL, or it is switched off). The table of atoms below says the same in numbers.";
  return view;
}

let drawnMolecule = "";

// The frames of a set are unpacked once, and then shown without waiting: on paper there is no later.
function showFrame() {
  const set = currentSet();
  const member = set && set.members[shown.molecule];
  const home_ = part("frames");
  const text = set && data.molecules.values[gallery.sets.indexOf(set)];
  home_.hidden = !member || !text;
  if (member && !text) say(`The frames of ${set.task} at level ${set.level} are left out to keep this page small; gallery.json beside the study's results has them.`);
  if (home_.hidden) return;
  const molecule = gallery.molecules[shown.molecule];
  if (!set.values) {
    set.unpacking ||= wholeNumbers(text).then((values) => {
      set.values = values;
      showFrame();
    });
    return;
  }
  const { positions, reference, differences } = unpack(set, member, set.values, molecule);
  const difference = differences[shown.potential];
  const errors = difference.map(size);
  const predicted = reference.map((force, i) => (errors[i] === null ? [null, null, null] : force.map((x, j) => x + difference[i][j])));
  // One scale for all potentials that are no mere scale, so that they can be compared.
  const compared = set.potentials.flatMap(({ role }, i) => (role === "scale" ? [] : differences[i].map(size)));
  const limit = roundUp(Math.max(1, ...(compared.length ? compared : errors)));
  const perAngstrom = roundUp(Math.max(...reference.map((force) => Math.hypot(...force))) / 2.2);
  showScale(limit);
  showAtoms(molecule, member, reference, predicted, errors);
  const flat = layFlat(positions);
  const on = (style) => document.querySelector(`[data-molecule-arrows=${style}]`).checked;
  const arrows = [["reference", reference], ["predicted", predicted]].filter(([style]) => on(style))
    .flatMap(([style, forces]) => forces.map((force, i) => ({
      style, force, start: flat(positions[i]),
      end: flat(positions[i].map((x, j) => x + force[j] / perAngstrom)),
    }))).filter(({ force }) => !force.includes(null) && Math.hypot(...force) > 0.05 * perAngstrom);
  const { name } = set.potentials[shown.potential];
  const frame = member.frames[shown.frame];
  const worst = errors.reduce((a, error, i) => (error !== null && (a < 0 || error > errors[a]) ? i : a), -1);
  const told = worst < 0 ? `The prediction of ${name} failed on this frame.`
    : `${name}: the largest error, ${whole(errors[worst])} meV/Å, is on atom ${worst + 1} (${molecule.elements[worst]}).`;
  document.querySelector("[data-viewer-caption]").textContent = `${told} Arrows: 1 Å of length is ${perAngstrom} eV/Å; forces below ${+(0.05 * perAngstrom).toPrecision(2)} eV/Å have none. Frame ${frame.frame} of the ${frame.trajectory} trajectory.`;
  const view = (near || paper()) && viewer();
  if (!view) return;
  const another = drawnMolecule !== `${shown.molecule} ${shown.frame}`;
  drawnMolecule = `${shown.molecule} ${shown.frame}`;
  document.querySelector("[data-viewer]").setAttribute("aria-label", `${shown.molecule} in three dimensions. ${told} Arrow keys turn it, + and − come closer and go farther.`);
  view.show({ elements: molecule.elements, bonds: molecule.bonds, positions: positions.map(flat), errors, limit, arrows, another });
}

function showMolecule() {
  if (!gallery || !shown.molecule) return;
  const set = currentSet();
  const molecule = gallery.molecules[shown.molecule];
  const member = set && set.members[shown.molecule];
  say("");
  document.querySelector("[data-molecule]").hidden = false;
  document.getElementById("molecules").classList.add("filled");
  part("choice").value = shown.molecule;
  part("name").textContent = shown.molecule;
  shown.potential = Math.min(shown.potential, set ? set.potentials.length - 1 : 0);
  shown.frame = Math.min(shown.frame, member ? member.frames.length - 1 : 0);
  showFacts(molecule, member);
  showDrawing(shown.molecule, molecule, member);
  showErrors(member);
  if (member) {
    const words = { median: "with the median error", largest: "with the largest error" };
    fill(part("frame"), member.frames.map(({ why }) => words[why]), shown.frame);
    fill(part("potential"), set.potentials.map(({ name }) => name), shown.potential);
  }
  showFrame();
}

// Open a molecule by its name (in any case, from either end) or its SMILES; say so where there is
// none.
function openMolecule(text, { task, potential, frame = 0 } = {}) {
  if (!gallery) return false;
  const names = Object.keys(gallery.molecules);
  const name = names.find((each) => each === text)
    || names.find((each) => each.toLowerCase() === text.toLowerCase())
    || names.find((each) => each.toLowerCase() === text.toLowerCase().split("-").reverse().join("-"))
    || names.find((each) => gallery.molecules[each].smiles === text);
  if (!name) {
    say(unknown(text));
    return false;
  }
  Object.assign(shown, { molecule: name, frame, potential: shown.potential || 0 });
  const set = currentSet();
  const at = set ? set.potentials.findIndex((each) => each.name === potential) : -1;
  if (at >= 0) shown.potential = at;
  // Without a task to show it in: the one that is shown, or the first that uses the molecule.
  const using = gallery.sets.filter((each) => each.level === state.level && name in each.members);
  const wanted = task || (using.includes(set) || !using.length ? state.task : using[0].task);
  if (wanted !== state.task && gallery.sets.some((each) => each.task === wanted)) choose("task", wanted);
  else showMolecule();
  return true;
}

function named(hash) {
  const found = /^#molecule=(.+)$/.exec(hash);
  try {
    return found && decodeURIComponent(found[1]);
  } catch {
    return null;
  }
}

const reach = (behavior = "auto") => document.getElementById("molecules").scrollIntoView({ behavior });
// The focus goes to a molecule that was asked for from elsewhere: the next tabulator is there, too.
function go() {
  reach();
  part("name").focus({ preventScroll: true });
}
const asked = () => openMolecule(part("choice").value.trim(), {}) && history.replaceState(null, "", `#molecule=${encodeURIComponent(shown.molecule)}`);

// The index is read, and the first molecule shown, once there is time for it; in three dimensions
// when the section comes near the screen.
async function readGallery() {
  if (!data.molecules || gallery) return;
  const given = data.molecules;
  const text = new TextDecoder().decode(await inflate(given.index));
  if (given !== data.molecules || gallery) return;
  gallery = JSON.parse(text);
  const name = named(location.hash);
  if (name && openMolecule(name)) return;
  const set = currentSet() || gallery.sets[0];
  openMolecule(set.first, { frame: 1 });
  if (name) say(unknown(name));
}

const molecules = new IntersectionObserver((entries) => {
  if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
  molecules.disconnect();
  near = true;
  if (gallery) showFrame();
  else readGallery();
}, { rootMargin: "300px" });
const whenIdle = window.requestIdleCallback || ((task) => setTimeout(task, 1000));

whenStudyStarts(() => {
  gallery = opened3d = null;
  near = false;
  drawnMolecule = "";
  const section = document.getElementById("molecules");
  if (!section) return;
  molecules.observe(section);
  whenIdle(readGallery);
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    asked();
  });
  part("choice").addEventListener("change", asked);
  all("[data-molecule-step]").forEach((button) => button.addEventListener("click", () => {
    if (!gallery) return;
    const set = currentSet();
    const names = Object.keys(set ? set.members : gallery.molecules);
    const at = names.indexOf(shown.molecule) + Number(button.dataset.moleculeStep);
    part("choice").value = names[(at + names.length) % names.length];
    asked();
  }));
  [["frame", showMolecule], ["potential", showMolecule]].forEach(([name, task]) => {
    part(name).addEventListener("change", (event) => {
      shown[name] = Number(event.target.value);
      task();
    });
  });
  all("[data-molecule-arrows]").forEach((box) => box.addEventListener("change", showFrame));
  all("[data-turn]").forEach((button) => button.addEventListener("click", () => {
    const view = viewer();
    if (!view) return;
    if (button.dataset.turn !== "save") view.turn(button.dataset.turn);
    else Object.assign(element("a"), { href: view.picture(), download: `${shown.molecule}.png` }).click();
  }));
});
follow(["task", "level"], showMolecule);

document.addEventListener("open-molecule", async ({ detail }) => {
  await readGallery();
  if (!openMolecule(detail.molecule, detail)) return;
  history.replaceState(null, "", `#molecule=${encodeURIComponent(shown.molecule)}`);
  go();
});
addEventListener("hashchange", async () => {
  const name = named(location.hash);
  if (!name || !data.molecules) return;
  await readGallery();
  if (openMolecule(name)) go();
});
// A page that is opened with a molecule in its address shows that one.
let arriving = named(location.hash);
whenStudyStarts(async () => {
  if (!arriving || !data.molecules) return;
  arriving = null;
  await readGallery();
  reach("instant");
  hold(document.getElementById("molecules"));
});
}
