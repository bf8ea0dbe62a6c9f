// Tables that sort by a column: numbers by size, all else as text; a second click turns the order.
function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  for (const [at, head] of heads.entries()) {
    const button = h("button", { type: "button", class: "sort" });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const order = head.getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      sortRows(table.tBodies[0], at, order === "ascending" ? 1 : -1);
    });
  }
}

function sortRows(body, at, sign) {
  const value = (row) => row.cells[at]?.innerText.trim() ?? "";
  const number = (text) => Number(text.replaceAll(",", "") || 0);
  const rows = [...body.rows];
  const numeric = rows.every((row) => !Number.isNaN(number(value(row))));
  rows.sort((a, b) => sign * (numeric ? number(value(a)) - number(value(b)) : value(a).localeCompare(value(b))));
  body.append(...rows);
}
