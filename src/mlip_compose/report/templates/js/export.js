// The leaderboard as it is shown, sorted and filtered, as a file: a record a potential and task.

const LIMITS = ["", "_low", "_high", "_sd_over_seeds"];

function exported() {
  const found = chosenBoard();
  const shared = {
    study: data.study.name, dataset: data.study.dataset, reference: data.study.reference,
    metric: state.metric, unit: found.unit, aggregation: found.aggregation, level: Number(state.level),
  };
  return board.getRows("active").flatMap((row) => row.getData().records).map((record) => {
    const {
      label, potential, role, seeds, task, state: became, reason,
      id, ood, gap, ceiling_gap: ceiling, rank, ...rest
    } = record;
    const values = Object.entries({ id, ood, gap, ceiling_gap: ceiling, rank })
      .filter(([name]) => found.columns.includes(name))
      .flatMap(([name, numbers]) => LIMITS.slice(0, found.seeds && name !== "rank" ? 4 : 3)
        .map((limit, i) => [name + limit, (numbers && numbers[i]) ?? null]));
    return {
      ...shared, task, potential, role, seeds: (seeds || []).join(" "), state: became, reason,
      ...Object.fromEntries(values), ...rest,
    };
  });
}

// A text that a spreadsheet would take for a formula gets an apostrophe before it.
function csvField(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv(records) {
  const names = [...new Set(records.flatMap(Object.keys))];
  const lines = records.map((record) => names.map((name) => csvField(record[name])).join(","));
  return [names.join(","), ...lines, ""].join("\r\n");
}

whenStudyStarts(() => all("[data-export]").forEach((link) => link.addEventListener("click", (event) => {
  if (!board) { event.preventDefault(); return; }
  const kind = link.dataset.export;
  const text = kind === "csv" ? csv(exported()) : JSON.stringify(exported(), null, 2);
  const address = URL.createObjectURL(new Blob([text], { type: kind === "csv" ? "text/csv" : "application/json" }));
  link.href = address;
  link.download = `${data.study.name}-${state.metric}-level-${state.level}.${kind}`.replace(/[^\w.-]+/g, "_");
  setTimeout(() => URL.revokeObjectURL(address), 60000);
})));
