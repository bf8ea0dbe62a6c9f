// How each API answers each invalid value: checked, refused by accident, accepted, an internal error, a crash or a hang; phase, class and words.
const MANNERS = ["accepted", "crash", "hang", "internal", "accident", "checked", "none"];
const MANNER_SIGNS = { accepted: "A", crash: "✖", hang: "…", internal: "I", accident: "~", checked: "✓", none: "–" };
const ALARMING = new Set(["crash", "hang", "internal"]);
const SHOWN = 6; // values that a folded argument names
const MESSAGE = 110; // characters of an error's words

// What stands before the bracket in a case's name: cases that are one thing in several ways share it.
const stem = (one) => one.name.replace(/\[.*$/s, "");

// The invalid value as source; reports/views/errors.py has its twin.
function invalidValue(one) {
  const value = one.arguments.find(([name]) => name === one.wrong)?.[1];
  return value === undefined ? one.name : `${one.wrong}=${value}`;
}

function showErrors(run, view, chosen, layer) {
  layer = run.layers.includes(layer) ? layer : run.layers[0];
  const rows = new Map();
  const columns = new Set();
  const wrong = new Set();
  const totals = new Map(MANNERS.map((manner) => [manner, 0]));
  for (const one of run.cases) {
    if (one.invalid && !one.api && one.layer === layer && one.wrong) wrong.add(one.wrong);
  }
  const claims = chosen.filter((verdict) => verdict.case.invalid && verdict.case.api && verdict.case.layer === layer);
  for (const verdict of chosen) {
    if (!verdict.manner || verdict.case.layer !== layer || verdict.case.api) continue;
    const key = invalidValue(verdict.case);
    if (!rows.has(key)) rows.set(key, { name: key, wrong: verdict.case.wrong || stem(verdict.case), cells: new Map() });
    columns.add(verdict.column);
    totals.set(verdict.manner, totals.get(verdict.manner) + 1);
    const cells = rows.get(key).cells;
    if (!cells.has(verdict.column)) cells.set(verdict.column, []);
    cells.get(verdict.column).push(verdict);
  }
  for (const verdict of claims) rows.get(invalidValue(verdict.case))?.cells.get(verdict.column)?.push(verdict);
  const shown = run.columns.filter((column) => columns.has(column));
  const groups = groupBy([...rows.values()].sort((a, b) => oddity(a.name) - oddity(b.name)), (row) => row.wrong);
  fill(view,
    h("h2", {}, say("nav.errors")),
    h("p", { class: "note" }, say("errors.note")),
    h("div", { class: "bar" }, layerChoice(run, "errors", layer)),
    h("p", { class: "bar" }, [...wrong].sort().map((name) => h("a", { class: "choice", href: link("errors", [layer], `wrong:${name}`),
      "aria-current": address().query === `wrong:${name}` ? "true" : undefined }, name))),
    h("p", { class: "legend" }, MANNERS.map((manner) => h("span", {}, h("span", { class: `manner m-${manner}` }, MANNER_SIGNS[manner]), ` ${say(`manner.${manner}`)} ${count(totals.get(manner))}`))),
    rows.size === 0 ? h("p", {}, say("errors.none")) : [...groups].map(([name, group]) => errorGroup(name, group, shown, groups.size <= FEW)));
}

// The values of one argument; their table is made when it is opened.
function errorGroup(name, group, columns, open) {
  const found = new Set(group.flatMap((row) => [...row.cells.values()].flat().map((verdict) => verdict.manner)));
  const named = [...new Set(group.map((row) => (row.name.startsWith(`${name}=`) ? row.name.slice(name.length + 1) : stem(row))))];
  const signs = MANNERS.filter((manner) => ALARMING.has(manner) && found.has(manner));
  const card = h("details", { class: "finding" },
    h("summary", {}, h("span", { class: "says" }, h("b", {}, code(name)), " ", h("span", { class: "note" }, named.slice(0, SHOWN).join("  "), named.length > SHOWN ? " …" : "")),
      signs.map((manner) => h("span", { class: `manner m-${manner}`, title: say(`manner.${manner}`) }, MANNER_SIGNS[manner])),
      h("span", { class: "count" }, say("errors.values", { count: count(group.length) }))));
  const fold = () => {
    if (card.open && card.children.length === 1) card.append(errorTable(name, group, columns));
  };
  card.addEventListener("toggle", fold);
  card.open = open;
  fold();
  return card;
}

function errorTable(name, group, columns) {
  return h("div", { class: "body" }, h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-label": name },
    h("table", { class: "errors" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("errors.argument")), columns.map((column) => h("th", { scope: "col" }, h("code", {}, dotted(column.label)))))),
      h("tbody", {}, group.map((row) => errorRow(row, columns))))));
}

// What a person most likely looks for comes first: a number, then several, then what is neither.
function oddity(name) {
  const value = name.replace(/^\w+=/, "");
  if (/^-?\d+$/.test(value)) return Math.abs(Number(value)) < 1e6 ? 0 : 3;
  return /^[([]-?\d+(, -?\d+)*,?[)\]]$/.test(value) ? 1 : 2;
}

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

// What answered: the exception's class, else how the process ended.
const answer = (verdict) => verdict.error.split(".").pop() || (/SIG[A-Z]+|exit code \d+/.exec(verdict.observed)?.[0] ?? verdict.observed.slice(0, 40));

function errorRow(row, columns) {
  return h("tr", {},
    h("th", { scope: "row" }, h("code", {}, row.name)),
    columns.map((column) => {
      const answers = new Map();
      const rulings = new Map();
      for (const verdict of row.cells.get(column) ?? []) {
        if (verdict.case.api) {
          rulings.set(rulingOf(verdict), verdict);
          continue;
        }
        const key = [verdict.manner, ...(verdict.manner === "accepted" || verdict.manner === "none" ? [] : [answer(verdict), verdict.phase])].join(" ");
        if (!answers.has(key)) answers.set(key, []);
        answers.get(key).push(verdict);
      }
      const ordered = [...answers.values()].sort((a, b) => MANNERS.indexOf(a[0].manner) - MANNERS.indexOf(b[0].manner));
      return h("td", {}, ordered.map(errorAnswer), [...rulings].map(([ruling, verdict]) => h("div", {},
        h("a", { href: verdictLink(verdict), class: `ruling r-${ruling}` }, `§ ${term("ruling", ruling)}`))));
    }));
}

function errorAnswer(verdicts) {
  const [first] = verdicts;
  const said = say(`manner.${first.manner}`);
  const words = first.message.split("\n", 1)[0];
  return h("div", {},
    h("div", { class: "answer" },
      h("a", { href: verdictLink(first), class: `manner m-${first.manner}`, "aria-label": said, title: said }, MANNER_SIGNS[first.manner]), " ",
      first.manner === "none" ? "" : first.manner === "accepted" ? said : [h("code", {}, answer(first)), h("span", { class: "note" }, ` ${first.phase ? term("phase", first.phase) : ""}`)],
      verdicts.length > 1 ? ` ×${verdicts.length}` : ""),
    words && h("div", { class: "words", title: first.message }, words.length > MESSAGE ? `${words.slice(0, MESSAGE)}…` : words));
}
