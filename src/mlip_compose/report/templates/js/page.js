// What all parts of the page share: the study that is shown, what is chosen, and how parts follow.
// The files of this folder are joined into one script, in the order that page.py gives.

let data; // what the figures of the study that is shown are drawn from
let state; // what is chosen: level, metric, task ...

const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Numbers and texts of the page are compressed (zlib) and in base64.
async function inflate(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const starts = []; // called when a study comes onto the page
const followers = []; // choices, and what is done when one of them changes
const whenStudyStarts = (task) => starts.push(task);
const follow = (choices, task) => followers.push({ choices, task });

const paper = () => document.documentElement.classList.contains("paper");
const soon = (task, ...given) => (paper() ? task(...given) : setTimeout(task, 0, ...given));

// Parts that belong to one level, metric, task or view are there for that one alone; what is hidden
// at first comes from the data once it is to be seen.
function show(changed) {
  all("[data-level]").forEach((part) => {
    part.hidden = ["level", "metric", "task", "view", "rows", "cost"].some(
      (name) => part.dataset[name] !== undefined && part.dataset[name] !== state[name]);
    if (part.hidden || part.dataset.later === undefined) return;
    part.innerHTML = data.later[part.dataset.later]; // made by the templates, which escape
    delete part.dataset.later;
    noteTitles(part);
  });
  followers.filter(({ choices }) => !changed || choices.includes(changed))
    .forEach(({ task }) => soon(task));
}

function choose(name, value) {
  state[name] = value;
  all(`[data-state=${name}]`).forEach((select) => { select.value = value; });
  show(name);
}

whenStudyStarts(() => all("[data-state]").forEach((select) => {
  select.value = state[select.dataset.state];
  select.addEventListener("change", () => choose(select.dataset.state, select.value));
}));
