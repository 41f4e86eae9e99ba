// Sorting, and what an atom says when it is pointed at, tapped or reached by keyboard.
const list = document.getElementById("targets");
const order = document.getElementById("order");
const value = {
  given: (card) => Number(card.dataset.place),
  radius: (card) => Number(card.dataset.radius) * 1000 + Number(card.dataset.share),
  name: (card) => card.dataset.name.toLowerCase(),
  atoms: (card) => Number(card.dataset.atoms),
};
order.addEventListener("change", () => {
  const by = value[order.value];
  const cards = [...list.children].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    return x < y ? -1 : x > y ? 1 : a.dataset.place - b.dataset.place;
  });
  list.append(...cards);
});
for (const type of ["pointerover", "focusin", "click"]) {
  list.addEventListener(type, (event) => {
    const spot = event.target.closest(".spot");
    if (!spot) return;
    const card = spot.closest("li");
    const said = card.querySelector(".said");
    said.textContent = spot.getAttribute("aria-label");
    said.classList.remove("soft");
    for (const other of card.querySelectorAll(".spot")) other.classList.toggle("chosen", other === spot);
  });
}
