// All that belongs to a number, shown where one points at it, focuses it or taps it: the text of
// the element's data-note, a line for each part of it.

const bubble = element("div");
bubble.id = "note";
bubble.setAttribute("role", "tooltip");
bubble.setAttribute("popover", "manual");
document.body.append(bubble);
let noted = null; // the element whose note is shown
let noteTimer;

function showNote(target) {
  if (noted === target) return;
  hideNote();
  noted = target;
  const [head, ...rest] = target.dataset.note.split("; ");
  const list = element("ul");
  list.append(...rest.map((line) => element("li", line)));
  bubble.replaceChildren(element("p", head), ...(rest.length ? [list] : []));
  bubble.showPopover();
  target.setAttribute("aria-describedby", "note");
  placeNote();
}

// Below the element or above it; gone with it where the page is scrolled away from it.
function placeNote() {
  const at = noted.getBoundingClientRect();
  const { width, height } = bubble.getBoundingClientRect();
  if (at.bottom < 0 || at.top > innerHeight) { hideNote(); return; }
  const below = at.bottom + 6 + height < innerHeight;
  bubble.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8))}px`;
  bubble.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - height - 6)}px`;
}

function hideNote() {
  clearTimeout(noteTimer);
  if (!noted) return;
  noted.removeAttribute("aria-describedby");
  noted = null;
  bubble.hidePopover();
}

document.addEventListener("pointerover", (event) => {
  clearTimeout(noteTimer);
  if (bubble.contains(event.target)) return;
  const target = event.target.closest("[data-note]");
  if (target) noteTimer = setTimeout(showNote, 120, target);
  else if (noted && noted !== document.activeElement) noteTimer = setTimeout(hideNote, 250);
});
document.addEventListener("focusin", (event) => {
  const target = event.target.closest("[data-note]");
  if (target) showNote(target);
  else hideNote();
});
document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-note]");
  if (target) showNote(target);
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideNote(); });
addEventListener("scroll", () => { if (noted) placeNote(); }, { passive: true, capture: true });

// What has a title without a script has a note with it.
function noteTitles(within) {
  all("[title]:not(.static *)", within).forEach((part) => {
    part.dataset.note = part.title;
    part.removeAttribute("title");
    part.tabIndex = 0;
  });
}

whenStudyStarts(() => noteTitles(document.querySelector("main")));
