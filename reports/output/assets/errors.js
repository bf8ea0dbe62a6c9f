// How each API answers each invalid argument: checked, refused by accident, accepted, an internal error, a crash or a hang; phase and class.
const MANNERS = ["accepted", "crash", "hang", "internal", "accident", "checked", "none"];
const MANNER_SIGNS = { accepted: "A", crash: "✖", hang: "…", internal: "I", accident: "~", checked: "✓", none: "–" };

// Cases that try one argument in several wrong ways share a row: what stands before the bracket in their names.
const stem = (one) => one.name.replace(/\[.*$/s, "");

function showErrors(run, view, chosen, layer) {
  layer = run.layers.includes(layer) ? layer : run.layers[0];
  const rows = new Map();
  const columns = new Set();
  const totals = new Map(MANNERS.map((manner) => [manner, 0]));
  for (const verdict of chosen) {
    if (!verdict.manner || verdict.case.layer !== layer || verdict.case.api) continue;
    const key = `${verdict.case.spec} ${stem(verdict.case)}`;
    if (!rows.has(key)) rows.set(key, { spec: verdict.case.spec, name: stem(verdict.case), cases: new Set(), cells: new Map() });
    const row = rows.get(key);
    row.cases.add(verdict.case);
    columns.add(verdict.column);
    totals.set(verdict.manner, totals.get(verdict.manner) + 1);
    if (!row.cells.has(verdict.column)) row.cells.set(verdict.column, []);
    row.cells.get(verdict.column).push(verdict);
  }
  const shown = run.columns.filter((column) => columns.has(column));
  fill(view,
    h("h2", {}, say("nav.errors")),
    h("p", { class: "note" }, say("errors.note")),
    h("div", { class: "bar" }, layerChoice(run, "errors", layer)),
    h("p", { class: "legend" }, MANNERS.map((manner) => h("span", {}, h("span", { class: `manner m-${manner}` }, MANNER_SIGNS[manner]), ` ${say(`manner.${manner}`)} ${count(totals.get(manner))}`))),
    rows.size === 0 ? h("p", {}, say("errors.none")) : h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-label": say("nav.errors") },
      h("table", { class: "errors" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("errors.argument")), shown.map((column) => h("th", { scope: "col" }, h("code", {}, column.label))))),
        h("tbody", {}, [...rows.values()].map((row) => errorRow(row, shown))))));
}

// What answered: the exception's class, else how the process ended.
const answer = (verdict) => verdict.error.split(".").pop() || (/SIG[A-Z]+|exit code \d+/.exec(verdict.observed)?.[0] ?? verdict.observed.slice(0, 40));

function errorRow(row, columns) {
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: link("matrix", [[...row.cases][0].layer], `case:*::${row.name.replace(/[\s"(),]/g, "?")}*`) }, row.name),
      h("span", { class: "note" }, ` ${count(row.cases.size)}`)),
    columns.map((column) => {
      const answers = new Map();
      for (const verdict of row.cells.get(column) ?? []) {
        const key = [verdict.manner, ...(verdict.manner === "accepted" || verdict.manner === "none" ? [] : [answer(verdict), verdict.phase])].join(" ");
        if (!answers.has(key)) answers.set(key, []);
        answers.get(key).push(verdict);
      }
      const ordered = [...answers.values()].sort((a, b) => MANNERS.indexOf(a[0].manner) - MANNERS.indexOf(b[0].manner));
      return h("td", {}, ordered.map((verdicts) => {
        const [first] = verdicts;
        const said = say(`manner.${first.manner}`);
        return h("div", { class: "answer" },
          h("a", { href: verdictLink(first), class: `manner m-${first.manner}`, "aria-label": said, title: said }, MANNER_SIGNS[first.manner]), " ",
          first.manner === "none" ? "" : first.manner === "accepted" ? said : [h("code", {}, answer(first)), h("span", { class: "note" }, ` ${first.phase ? term("phase", first.phase) : ""}`)],
          verdicts.length > 1 ? ` ×${verdicts.length}` : "");
      }));
    }));
}
