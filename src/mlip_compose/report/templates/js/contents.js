// The contents: beside the page on a wide screen, behind a button on a narrow one.

function closeContents() {
  const button = document.querySelector(".contents");
  if (button) button.setAttribute("aria-expanded", "false");
}

// While a part is gone to, what stands above it may still grow: it is held in sight until then, or
// until the reader moves.
function hold(target) {
  let grown = false;
  const growing = new ResizeObserver(() => {
    if (grown) target.scrollIntoView({ behavior: "instant" });
    grown = true; // the first call only tells how high the page is
  });
  growing.observe(document.getElementById("study"));
  const end = () => growing.disconnect();
  setTimeout(end, 2000);
  ["wheel", "pointerdown", "keydown", "touchstart"].forEach((name) => addEventListener(name, end, { once: true, passive: true }));
}
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const target = link && document.getElementById(link.hash.slice(1));
  if (target) hold(target);
});

const readSection = new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => {
  const link = document.querySelector(`.toc a[href="#${target.id}"]`);
  if (!link) return;
  if (isIntersecting) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}), { rootMargin: "-30% 0px -69% 0px" });

whenStudyStarts(() => {
  const button = document.querySelector(".contents");
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
  });
  document.getElementById("contents").addEventListener("click", closeContents);
  all("main > section").forEach((section) => readSection.observe(section));
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !event.target.closest(".toc")) return;
  closeContents();
  document.querySelector(".contents").focus();
});
