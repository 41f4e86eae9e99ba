// The leaderboard: the table that is in the page without a script, made sortable and searchable.
// Numbers come from the records of the study, what is shown of them from the static table.

const SHOWN = { gaps: ["gap", "ceiling_gap"], errors: ["id", "ood"] }; // of a choice of columns
let board = null;
let order = []; // how its rows are sorted

const chosenBoard = () => ((data.boards[state.level] || {})[state.metric] || {})[state.rows];

// Return the cells of a row of the static table, by task and column; of a task without numbers
// there is one cell.
function staticCells(row, found) {
  const cells = Array.from(row.cells).slice(1);
  return found.tasks.map(() => {
    const next = cells.shift();
    if (next.colSpan > 1 || found.columns.length === 1) return { all: next };
    return Object.fromEntries([next, ...cells.splice(0, found.columns.length - 1)]
      .map((cell, i) => [found.columns[i], cell]));
  });
}

function boardRows(found) {
  const table = document.querySelector(
    `.board[data-level="${state.level}"][data-metric="${state.metric}"][data-rows="${state.rows}"] table.static`);
  return all("tr.row", table).map((row, i) => {
    const records = found.records[i];
    const numbers = records.flatMap((record, task) => found.columns.map(
      (column) => [`${task}_${column}`, record[column] ? record[column][0] : null]));
    return {
      ...Object.fromEntries(numbers), id: i, name: records[0].label, role: records[0].role,
      head: row.cells[0], records, cells: staticCells(row, found),
    };
  });
}

function contentOf(cell) {
  const holder = element("div");
  holder.append(...cell.cloneNode(true).childNodes);
  return holder;
}

// A header that sorts is a button, which a keyboard reaches; a click goes on to the header.
function heading(title, unit, task = "") {
  return () => {
    const button = element("button");
    button.type = "button";
    const before = element("span", task && `${task}, `);
    before.className = "unseen";
    button.append(before, title);
    if (unit) {
      const small = element("span", unit);
      small.className = "unit";
      button.append(small);
    }
    return button;
  };
}

// px, of a column of numbers with their limits, and with what they vary by over seeds
function widthOf(column, found) {
  if (column === "rank") return 48;
  return found.seeds || column === "ceiling_gap" ? 92 : 64;
}

function numberColumn(found, task, column, columns) {
  const room = (10 * found.tasks[task].length + 16) / columns.length; // for the task's name above
  return {
    title: found.heads[column][0], field: `${task}_${column}`, cssClass: `num ${column}${column === columns[0] ? " first" : ""}`,
    minWidth: Math.max(widthOf(column, found) + (column === columns[0] ? 6 : 0), room),
    titleFormatter: heading(...found.heads[column], found.tasks[task]),
    sorter: "number", sorterParams: { alignEmptyValues: "bottom" }, headerSortTristate: true,
    formatter: (cell) => {
      const { cells, records } = cell.getData();
      const given = cells[task].all || cells[task][column];
      const holder = cell.getElement();
      holder.dataset.note = `${found.tasks[task]}, ${given.title || given.textContent.trim()}`;
      if (!cells[task].all) {
        holder.dataset.note = given.title;
        return contentOf(given);
      }
      if (column !== columns[0]) return "";
      const text = contentOf(given);
      text.className = `instead ${records[task].state}`;
      text.style.width = columns.length > 1 ? `${60 * columns.length}px` : "calc(100% - 12px)";
      holder.classList.add("wide-cell");
      return text;
    },
  };
}

function buildBoard() {
  const found = chosenBoard();
  const home = document.getElementById("leaderboard-table");
  if (board) board.destroy();
  board = null;
  if (!found) return;
  const columns = found.columns.filter((column) => (SHOWN[state.columns] || found.columns).includes(column));
  const groups = found.tasks.map((title, task) => ({
    title, titleFormatter: () => element("span", title), cssClass: "task",
    columns: columns.map((column) => numberColumn(found, task, column, columns)),
  }));
  const fields = groups.flatMap((group) => group.columns.map(({ field }) => field));
  const rows = boardRows(found);
  const made = new Tabulator(home, {
    data: rows,
    layout: "fitColumns",
    renderVertical: "basic",
    columnHeaderSortMulti: false,
    placeholder: "No potential has this in its name.",
    initialSort: order.filter(({ column }) => column === "name" || fields.includes(column)),
    groupBy: "role",
    groupValues: [[...new Set(rows.map(({ role }) => role))]],
    groupToggleElement: false,
    groupHeader: (role) => element("span", data.roles[role]),
    columns: [{
      title: "potential", field: "name", frozen: true, width: innerWidth < 700 ? 116 : 134,
      titleFormatter: heading("potential"), sorter: "string", headerSortTristate: true,
      formatter: (cell) => contentOf(cell.getData().head), cssClass: "name",
    }, ...groups],
  });
  board = made;
  made.on("tableBuilt", () => { if (board === made) { search(); tidy(home); } });
  made.on("renderComplete", () => { if (board === made) tidy(home); });
  made.on("dataSorted", (sorters) => {
    order = sorters.map(({ field, dir }) => ({ column: field, dir }));
  });
}

// Tabulator's roles, as assistive technology knows them, and one cell in the order of tabs.
function tidy(home) {
  const { label } = chosenBoard();
  const role = (selector, name) => all(selector, home).forEach((part) => part.setAttribute("role", name));
  home.setAttribute("aria-label", `Leaderboard, ${label}, level ${state.level}`);
  all(".tabulator-col-group", home).forEach((group) => {
    ["aria-title", "aria-sort"].forEach((name) => group.removeAttribute(name));
  });
  role(".tabulator-col-group", "presentation");
  role(".tabulator-tableholder", "rowgroup");
  all(".tabulator-tableholder", home).forEach((holder) => { holder.tabIndex = -1; });
  role(".tabulator-table", "presentation");
  role(".tabulator-group", "row");
  role(".tabulator-group > span", "gridcell");
  role(".tabulator-cell.name", "rowheader");
  const cells = all(".tabulator-cell", home);
  cells.forEach((cell) => { cell.tabIndex = -1; });
  if (cells.length) cells[0].tabIndex = 0;
}

function search() {
  const wanted = document.getElementById("search").value.trim().toLowerCase();
  const rows = board.getData();
  const found = rows.filter(({ name }) => name.toLowerCase().includes(wanted));
  board.setGroupValues([[...new Set(found.map(({ role }) => role))]]);
  board.setFilter(({ name }) => name.toLowerCase().includes(wanted));
  document.getElementById("found").textContent = wanted ? `${found.length} of ${rows.length} rows` : "";
}

function step(event) {
  const cell = event.target.closest(".tabulator-cell");
  const [across, down] = {
    ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  }[event.key] || [0, 0];
  if (!cell || !(across || down)) return;
  const rows = all(".tabulator-row:not(.tabulator-group)", event.currentTarget);
  const row = cell.closest(".tabulator-row");
  const column = all(".tabulator-cell", row).indexOf(cell) + across;
  const next = all(".tabulator-cell", rows[rows.indexOf(row) + down])[column];
  event.preventDefault();
  if (!next) return;
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

whenStudyStarts(() => {
  board = null;
  const home = document.getElementById("leaderboard-table");
  if (!home) return;
  if (innerWidth < 700) {
    state.columns = "gaps";
    document.querySelector("[data-state=columns]").value = "gaps";
  }
  home.addEventListener("keydown", step);
  document.getElementById("search").addEventListener("input", () => { if (board) search(); });
});
follow(["level", "metric", "rows", "columns"], () => {
  if (document.getElementById("leaderboard-table") && !paper()) buildBoard();
});
