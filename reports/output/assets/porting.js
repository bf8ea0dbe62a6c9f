// How to say the same layer in another API, each row proven by cases that conform on both.
function showPorting(run, view, chosen, ...wanted) {
  const tableOf = (label) => run.porting.find((table) => table.columns.some((at) => run.columns[at].label === label));
  const table = tableOf(wanted[0]) ?? run.porting[0];
  const columns = table.columns.map((at) => run.columns[at]);
  const from = columns.find((column) => column.label === wanted[0]) ?? mostConforming(table, columns);
  const to = columns.find((column) => column.label === wanted[1] && column !== from)
    ?? mostProven(table, columns.filter((column) => column.framework !== from.framework), from)
    ?? columns.find((column) => column !== from) ?? from;
  const everyone = run.porting.flatMap((one) => one.columns.map((at) => run.columns[at]));
  const choice = (key, options, selected, change) => {
    const select = h("select", { "aria-label": say(key) }, options.map((column) => h("option", { selected: column === selected }, column.label)));
    select.addEventListener("change", () => change(select.value));
    return h("label", {}, `${say(key)} `, select);
  };
  fill(view,
    h("h2", {}, say("nav.porting")),
    h("p", { class: "note" }, say("porting.note")),
    h("div", { class: "bar" },
      choice("porting.from", everyone, from, (label) => { location.hash = link("porting", [label]); }),
      choice("porting.to", columns.filter((column) => column !== from), to, (label) => { location.hash = link("porting", [from.label, label]); })),
    portingArrays(table, from, to),
    portingExample(run, table, from, to),
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": say("nav.porting") },
      h("table", { class: "porting" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("porting.parameter")), h("th", { scope: "col" }, h("code", {}, from.label)),
          h("th", { scope: "col" }, h("code", {}, to.label)), h("th", { scope: "col" }, say("porting.proven")), h("th", { scope: "col" }, say("porting.remaining")))),
        h("tbody", {}, table.rows.map((row) => portingRow(run, row, from, to))))),
    portingRest(run, table, from, to));
}

// Divergences that no row names.
function portingRest(run, table, from, to) {
  const told = (one) => [from, to].some((column) => table.general[column.at].includes(one.id));
  const item = (one, address, cases) => h("li", {}, h("a", { href: address }, h("b", {}, one.headline[language()]), " ", one.when[language()]),
    ` (${say("finding.cases", { count: count(cases) })})`);
  const items = [
    ...run.findings.filter(told).map((finding) => item(finding, link("finding", [finding.id]), finding.entries.length)),
    ...run.differences.filter(told).map((difference) => item(difference, verdictLink(run.verdicts[difference.first]), difference.count)),
  ];
  return items.length ? h("div", {}, h("h3", {}, say("porting.general")), h("ul", {}, items)) : "";
}

// Where a reader most likely comes from: the API that conforms most.
function mostConforming(table, columns) {
  const conforms = (column) => table.rows.reduce((sum, row) => sum + row.cells[column.at][2], 0);
  return columns.reduce((best, column) => (conforms(column) > conforms(best) ? column : best));
}

// Of several APIs the one of which most is proven.
function mostProven(table, columns, from) {
  const proven = (column) => table.rows.reduce((sum, row) => sum + (row.proven[betweenKey(from, column)] ?? 0), 0);
  return columns.length ? columns.reduce((best, column) => (proven(column) > proven(best) ? column : best)) : null;
}

const betweenKey = (a, b) => (a.at < b.at ? `${a.at} ${b.at}` : `${b.at} ${a.at}`);

function portingRow(run, row, from, to) {
  const shared = row.shared[betweenKey(from, to)];
  const cell = (column) => {
    const [alone, example, conforms, fails, , differs, , reason, unsaid] = row.cells[column.at];
    const second = column.at > Math.min(from.at, to.at) ? 1 : 0;
    const text = shared ? shared[second] : alone;
    if (example === null) return h("td", { class: "none" }, reason || say("porting.unasked"));
    return h("td", {}, h("a", { href: verdictLink(run.verdicts[shared ? shared[second + 2] : example]) }, text ? h("code", {}, text) : say(unsaid ? "porting.arrays_say" : "porting.nothing")),
      conforms || fails || differs || !reason ? "" : h("div", { class: "note" }, reason));
  };
  const remaining = [from, to].flatMap((column) => {
    const [, , , fails, findings, differs, differences] = row.cells[column.at];
    const line = (key, cases, ids, address) => (cases ? h("div", {}, h("code", {}, column.label), ` ${say(key, { count: count(cases) })} `,
      ids.slice(0, 3).map((id, i) => [i ? "; " : "", h("a", { href: address(id) }, byFinding(run).get(id).short[language()])]),
      ids.length > 3 ? ` +${ids.length - 3}` : "") : []);
    return [line("porting.failing", fails, findings, (id) => link("finding", [id])),
      line("porting.differing", differs, differences, (id) => verdictLink(run.verdicts[byFinding(run).get(id).first]))];
  });
  const proven = row.proven[betweenKey(from, to)] ?? 0;
  return h("tr", {}, h("th", { scope: "row" }, h("code", {}, row.parameter), ` ${term("form", row.form)}`,
    shared?.[4] ? h("div", { class: "note" }, `${say("porting.where")} `, h("code", {}, shared[4])) : ""), cell(from), cell(to),
    h("td", { class: proven ? "" : "none" }, proven ? count(proven) : term("standing", row.standings[betweenKey(from, to)])), h("td", {}, remaining));
}

const byFinding = (run) => (run.byFinding ??= new Map([...run.findings, ...run.differences].map((finding) => [finding.id, finding])));

function portingExample(run, table, from, to) {
  const both = table.examples[betweenKey(from, to)];
  if (!both) return "";
  const [first, second] = from.at < to.at ? both : [both[1], both[0]];
  return h("div", {}, h("h3", {}, say("porting.example")),
    h("div", { class: "sides" }, [first, second].map((index) => h("div", {}, h("pre", { class: "outside" }, run.verdicts[index].call)))),
    h("p", { class: "note" }, h("a", { href: verdictLink(run.verdicts[first]) }, h("code", {}, run.verdicts[first].case.id))));
}

function portingArrays(table, from, to) {
  const [one, other] = [table.contracts[from.at], table.contracts[to.at]];
  if (!one || !other) return "";
  const row = (name, left, right) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, code(left) ?? "—"), h("td", {}, code(right) ?? "—"));
  const defaults = table.defaults[betweenKey(from, to)].map(([name, ...sides]) => [name, ...(from.at < to.at ? sides : sides.reverse())]);
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": say("porting.arrays") }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("porting.arrays")), h("th", { scope: "col" }, h("code", {}, from.label)), h("th", { scope: "col" }, h("code", {}, to.label)))),
    h("tbody", {}, row(say("subject.weight"), one.weight, other.weight), row(say("subject.bias"), one.bias, other.bias),
      defaults.map(([name, left, right]) => row([say("porting.default"), " ", code(name)], left, right)))));
}
