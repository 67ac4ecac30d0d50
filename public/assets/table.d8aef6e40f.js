// Tables that sort at a click on a column's head, and forms that leave out rows. Without this script the tables stand whole,
// in the order in which they were written.

for (const table of document.querySelectorAll("table.sortable")) {
  for (const head of table.tHead.rows[0].cells) {
    if (!("sort" in head.dataset)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head));
  }
}

// By the cells of a column: up at first (down where `data-sort` says so), and the other way round at the next click.
function sort(table, head) {
  const first = head.dataset.sort.includes("down") ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const order = head.getAttribute("aria-sort") === first ? other : first;
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const isNumber = head.dataset.sort.includes("number");
  const sign = order === "ascending" ? 1 : -1;
  const key = (row) => {
    const cell = row.cells[head.cellIndex];
    const text = cell.dataset.value ?? cell.querySelector("data")?.value ?? cell.textContent.trim();
    return isNumber ? (text === "" ? NaN : Number(text)) : text;
  };
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row, index) => ({ row, index, key: key(row) }));
  rows.sort((a, b) => {
    // What is no number comes last either way.
    if (isNumber && (Number.isNaN(a.key) || Number.isNaN(b.key))) return Number.isNaN(a.key) - Number.isNaN(b.key) || a.index - b.index;
    const difference = isNumber ? a.key - b.key : a.key.localeCompare(b.key, "en", { numeric: true });
    return sign * difference || a.index - b.index;
  });
  body.append(...rows.map(({ row }) => row));
}

// Filters are for the table that they name, or for all cases of the page; each choice hides the rows whose data of the same
// name differ, and the text those without its words.
for (const filters of document.querySelectorAll(".filters")) {
  const { table } = filters.dataset;
  const rows = table ? [...document.getElementById(table).tBodies[0].rows] : [...document.querySelectorAll("[data-diagnosis]")];
  const [status, text, selects] = [filters.querySelector("output"), filters.querySelector("input"), filters.querySelectorAll("select")];
  const apply = () => {
    const choices = [...selects].filter((select) => select.value !== "");
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = choices.every((select) => select.value.split(" ").some((value) => row.dataset[select.name].split(" ").includes(value)));
      const found = words.every((word) => row.dataset.words.toLowerCase().includes(word));
      row.hidden = !(fits && found);
      if (!row.hidden) shown += 1;
    }
    status.value = `${shown} of ${rows.length}`;
  };
  filters.addEventListener("input", apply);
  filters.querySelector("button").addEventListener("click", () => {
    for (const input of [text, ...selects]) input.value = "";
    apply();
  });
  filters.hidden = false;
  apply();
}
