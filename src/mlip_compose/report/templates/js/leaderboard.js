// The leaderboard: headers sort within each group of rows; numbers tell where they come from.
function sort(button) {
  const header = button.closest("th");
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  const column = Number(button.dataset.sort);
  const table = button.closest("table");
  all("th[aria-sort]", table).forEach((th) => th.setAttribute("aria-sort", "none"));
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const key = (row) => {
    if (column === 0) return row.cells[0].textContent;
    let at = 0;
    for (const cell of row.cells) {
      if (at === column) return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
      at += cell.colSpan;
      if (at > column) return null;
    }
    return null;
  };
  const compare = (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    const order = typeof x === "string" ? x.localeCompare(y) : x - y;
    return ascending ? order : -order;
  };
  all("tbody", table).forEach((body) => body.append(...all("tr.row", body).sort(compare)));
}
whenStudyStarts(() => all("[data-sort]").forEach((button) => button.addEventListener("click", () => sort(button))));

whenStudyStarts(() => all("table.leaderboard").forEach((table) => {
  const note = document.getElementById("cell-note");
  const first = table.querySelector("td.num");
  if (first) first.tabIndex = 0;
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (cell) cell.focus();
  });
  table.addEventListener("focusin", (event) => {
    if (event.target.tagName === "TD") note.textContent = event.target.title;
  });
  table.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    const cell = event.target.closest("td");
    if (!step || !cell) return;
    const rows = all("tr.row", table);
    const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    const row = sideways ? cell.parentElement : rows[rows.indexOf(cell.parentElement) + step];
    if (!row) return;
    const next = row.cells[sideways ? cell.cellIndex + step : Math.min(cell.cellIndex, row.cells.length - 1)];
    if (!next || next.tagName !== "TD") return;
    event.preventDefault();
    cell.tabIndex = -1;
    next.focus();
  });
  all("td", table).forEach((cell) => { if (cell !== first) cell.tabIndex = -1; });
}));
