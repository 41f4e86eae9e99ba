// The contents: beside the page on a wide screen, behind a button on a narrow one.

function closeContents() {
  const button = document.querySelector(".contents");
  if (button) button.setAttribute("aria-expanded", "false");
}

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
