// From one API to another in three parts: what will bite, the same layer in both, all arguments.
const NETWORKS = /(^|\/)networks\.yaml$/;
const SERIOUSNESS = ["silent_wrong_values", "crash", "hang", "wrong_shape_or_dtype", "internal_error", "refuses_documented", "accepts_forbidden", "wrong_document", "difference"];
const KIND_SERIOUSNESS = { value: 0, gradient: 0, crashed: 1, timed_out: 2, unstable: 1, shape: 3, dtype: 3, internal_error: 4, wrongly_rejected: 5, wrongly_accepted: 6 };

// The address names two APIs, or two frameworks, whose layers then stand on one page.
function showPort(run, view, _, ...wanted) {
  const frameworks = [...new Set(run.columns.map((column) => column.framework))];
  const routes = h("div", { class: "bar" }, frameworks.flatMap((one) => frameworks.filter((other) => other !== one).map((other) => h("a", {
    class: "choice", href: link("port", [one, other]), "aria-current": wanted[0] === one && wanted[1] === other ? "true" : undefined }, `${one} → ${other}`))));
  if (frameworks.includes(wanted[0]) && frameworks.includes(wanted[1])) portFrameworks(run, view, routes, ...wanted);
  else portApis(run, view, routes, wanted);
}

// What a model meets first: the layers of known networks, those that bite on top. Then each layer in full.
function portFrameworks(run, view, routes, source, target) {
  const pairs = run.porting.map((table) => choosePair(run, table, source, target)).filter(Boolean);
  const rows = pairs.flatMap((pair) => listNetworks(run, ...pair)).sort((a, b) => Number(b.bites) - Number(a.bites));
  const titles = pairs.map(([, from, to]) => h("h2", { tabindex: "-1" }, h("a", { href: link("port", [from.label, to.label]) }, say("port.title", { source: from.label, target: to.label }))));
  const jump = (title, text) => h("button", { type: "button", class: "choice", onclick: () => { title.scrollIntoView(); title.focus({ preventScroll: true }); } }, text);
  fill(view,
    routes,
    h("h2", {}, say("port.title", { source, target })),
    h("p", { class: "bar" }, pairs.map(([, from, to], place) => jump(titles[place], `${from.label} → ${to.label}`))),
    h("p", { class: "note" }, say("port.model"), " ", code(`python -m reports port --from ${source} --to ${target} model.txt results.jsonl`)),
    h("h3", {}, say("port.networks")),
    rows.length ? networkTable(run, rows, source, target) : h("p", {}, say("port.networks.none")),
    pairs.map((pair, place) => [titles[place], portParts(run, ...pair, false)]));
}

// A layer's API in one framework that conforms most, and that of the other of which most is proven.
function choosePair(run, table, source, target) {
  const columns = table.columns.map((at) => run.columns[at]);
  const [mine, theirs] = [source, target].map((framework) => preferClasses(columns.filter((column) => column.framework === framework)));
  if (!mine.length || !theirs.length) return null;
  const from = mostConforming(table, mine);
  return [table, from, mostProven(table, theirs, from)];
}

// Models are made of classes, which Python's convention spells with a capital letter.
function preferClasses(columns) {
  const classes = columns.filter((column) => /^[A-Z]/.test(column.api.split(".").pop()));
  return classes.length ? classes : columns;
}

function portApis(run, view, routes, wanted) {
  const table = run.porting.find((one) => one.columns.some((at) => run.columns[at].label === wanted[0])) ?? run.porting[0];
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
    routes,
    h("h2", {}, say("port.title", { source: from.label, target: to.label })),
    h("div", { class: "bar" },
      choice("porting.from", everyone, from, (label) => { location.hash = link("port", [label]); }),
      choice("porting.to", columns.filter((column) => column !== from), to, (label) => { location.hash = link("port", [from.label, label]); })),
    portParts(run, table, from, to));
}

function portParts(run, table, from, to, withNetworks = true) {
  const networks = withNetworks ? listNetworks(run, table, from, to) : [];
  return [
    h("h3", {}, say("port.bites")),
    portBites(run, table, from, to),
    portDefaults(table, from, to),
    portInitial(run, from, to),
    portLayouts(table, from, to),
    portImpossible(run, table, from, to),
    networks.length ? [h("h3", {}, say("port.networks")), networkTable(run, networks, from.label, to.label)] : "",
    h("h3", {}, say("port.arguments")),
    portArguments(run, table, from, to),
  ];
}

const betweenKey = (a, b) => (a.at < b.at ? `${a.at} ${b.at}` : `${b.at} ${a.at}`);
const inOrder = (from, to, pair) => (from.at < to.at ? pair : [...pair].reverse());
const byFinding = (run) => (run.byFinding ??= new Map([...run.differences, ...run.findings].map((finding) => [finding.id, finding])));

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

// All that is known or new of one API, the most serious first: {id, entry, headline, when, verdict, parameters, odd, invalid}.
function listBites(run, table, column) {
  const valid = new Set([...table.general[column.at], ...table.rows.flatMap((row) => idsOf(row, column))]);
  const bites = new Map();
  for (const finding of [...run.findings, ...run.differences]) {
    if (!finding.columns.includes(column.at) || bites.has(finding.id)) continue;
    const verdicts = finding.entries?.filter((verdict) => verdict.column === column) ?? [run.verdicts[finding.first]];
    const invalid = !valid.has(finding.id) && verdicts.every((verdict) => verdict.case.invalid);
    bites.set(finding.id, { ...finding, entry: run.known[finding.known], verdict: verdicts[0], invalid });
  }
  for (const entry of Object.values(run.known)) {
    if (bites.has(entry.id) || !entry.apis.includes(column.api) || !entry.sights.some(([target, verdicts]) => target === column.target && verdicts)) continue;
    bites.set(entry.id, { id: entry.id, entry, headline: entry.title, when: entry.effect, invalid: false, odd: false });
  }
  const rank = (bite) => (bite.entry ? SERIOUSNESS.indexOf(bite.entry.severity) : bite.verdict.outcome === "differs" ? 8 : KIND_SERIOUSNESS[word(bite.verdict)] ?? 7);
  return [...bites.values()].map((bite) => ({
    ...bite, rank: rank(bite),
    parameters: [...new Set(table.rows.filter((row) => idsOf(row, column).includes(bite.id)).map((row) => row.parameter))],
  })).sort((a, b) => a.rank - b.rank || Boolean(b.entry) - Boolean(a.entry));
}

const idsOf = (row, column) => [...row.cells[column.at][4], ...row.cells[column.at][6]];

function portBites(run, table, from, to) {
  const bites = listBites(run, table, to);
  const [odd, invalid] = [bites.filter((bite) => bite.odd && !bite.invalid), bites.filter((bite) => bite.invalid)];
  const main = bites.filter((bite) => !bite.odd && !bite.invalid);
  const known = new Set(bites.map((bite) => bite.id));
  const source = listBites(run, table, from).filter((bite) => !bite.odd && !bite.invalid && !known.has(bite.id) && bite.rank < 7);
  const fold = (key, list, values = {}) => (list.length ? h("details", { class: "fold" },
    h("summary", {}, say(key, { count: count(list.length), ...values })), list.map((bite) => biteCard(run, bite))) : "");
  return [
    main.length ? main.map((bite) => biteCard(run, bite)) : h("p", {}, say("port.nobites")),
    fold("port.source", source, { source: from.label }), fold("port.odd", odd), fold("port.invalid", invalid),
  ];
}

function biteCard(run, bite) {
  const card = h("details", { class: "finding" },
    h("summary", {}, bite.entry ? severityBadge(bite.entry) : [h("span", { class: "badge new" }, say("known.new")), badge(word(bite.verdict))],
      h("span", { class: "says" }, h("b", {}, bite.headline[language()]), " ", bite.when[language()],
        bite.entry?.workaround ? h("span", { class: "basis" }, h("b", {}, say("known.workaround")), ` ${bite.entry.workaround[language()]}`) : ""),
      h("span", { class: "count" }, bite.parameters.flatMap((name, place) => [place ? ", " : "", h("code", {}, name)]))));
  card.addEventListener("toggle", () => {
    if (!card.open || card.children.length > 1) return;
    card.append(h("div", { class: "body" }, bite.entry ? entryBody(bite.entry) : verdictBody(run, bite.verdict),
      bite.entries ? h("p", {}, h("a", { href: link("finding", [bite.id]) }, say("finding.link"))) : ""));
  });
  return card;
}

function simpleTable(label, heads, rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label }, h("table", { class: "wide" },
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map(([first, ...cells]) => h("tr", {}, h("th", { scope: "row" }, first), cells.map((cell) => h("td", {}, cell)))))));
}

function portDefaults(table, from, to) {
  const defaults = table.defaults[betweenKey(from, to)];
  if (!defaults?.length) return "";
  const rows = defaults.map(([name, left, right, sayLeft, sayRight]) => {
    const [mine, theirs] = inOrder(from, to, [left, right]);
    const [, written] = inOrder(from, to, [sayLeft, sayRight]);
    return [code(name), code(mine) ?? "—", code(theirs) ?? "—", code(written) ?? ""];
  });
  return [h("h4", {}, say("port.defaults")), simpleTable(say("port.defaults"), [say("porting.parameter"), code(from.label), code(to.label), say("port.write")], rows)];
}

function portInitial(run, from, to) {
  const side = (column) => {
    const found = run.initial.filter(([at]) => at === column.at);
    return h("div", {}, h("div", { class: "label" }, code(column.label)), found.length ? h("ul", {}, found.map(([, says, index]) => {
      const verdict = run.verdicts[index];
      return h("li", {}, says[language()], " ", h("a", { href: verdictLink(verdict), class: `ruling r-${rulingOf(verdict)}` }, verdict.outcome === "conforms" ? say("port.holds") : wordTerm(word(verdict))));
    })) : h("p", { class: "note" }, say("port.initial.none")));
  };
  return [h("h4", {}, say("port.initial")), h("div", { class: "sides" }, side(from), side(to))];
}

// Lines of source that turn one API's array into the other's, by way of the layer's own layout.
function layoutLines(name, source, target) {
  const [back, there] = [source[`${name}_back`], target[name]];
  if (back === "" && source[name] !== name) return `# ${name}: ${say("port.unknown_layout")}`;
  const lines = [back, there].filter((text) => text && text !== name).map((text) => `${name} = ${text}`);
  return lines.length ? lines.join("\n") : `# ${name}: ${say("port.same_array")}`;
}

function portLayouts(table, from, to) {
  const [one, other] = [table.contracts[from.at], table.contracts[to.at]];
  if (!one || !other) return "";
  const part = (key, source, target) => h("div", {}, h("div", { class: "label" }, say(key, { source: from.label, target: to.label })),
    h("pre", { class: "outside" }, ["weight", "bias"].map((name) => layoutLines(name, source, target)).join("\n")));
  return [h("h4", {}, say("port.layouts")), h("div", { class: "sides" }, part("port.there", one, other), part("port.back", other, one))];
}

// What the source can say and the target cannot, and which other API of the target's framework can.
function portImpossible(run, table, from, to) {
  const rows = table.rows.filter((row) => row.cells[from.at][1] !== null && row.cells[to.at][1] === null && row.cells[to.at][7]);
  if (!rows.length) return "";
  const others = table.columns.map((at) => run.columns[at]).filter((column) => column.framework === to.framework && column !== to);
  return [h("h4", {}, say("port.impossible")), simpleTable(say("port.impossible"), [say("porting.parameter"), code(to.label), say("port.instead")], rows.map((row) => {
    const able = others.find((column) => row.proven[betweenKey(from, column)] > 0);
    const instead = table.contracts[to.at]?.instead[`${row.parameter} ${row.form}`];
    if (instead) return [rowName(row), told(row.cells[to.at][7]), code(instead)];
    return [rowName(row), told(row.cells[to.at][7]), able ? [code(able.label), " ", code(row.cells[able.at][0])] : say("port.noway")];
  }))];
}

// What a person writes where an API cannot express a case; nothing where the contract does not say.
function sayInstead(run, column, one) {
  const contract = run.porting.find((table) => table.columns.includes(column.at))?.contracts[column.at];
  const form = (name, value) => (name === "padding" && value.split(",").length === 4 ? "four" : value);
  const found = one.arguments.map(([name, value]) => contract?.instead[`${name} ${form(name, value)}`]).find(Boolean);
  return found ? h("div", { class: "note" }, h("b", {}, say("port.instead")), " ", code(found)) : "";
}

const rowName = (row) => [h("code", {}, row.parameter), ` ${term("form", row.form)}`];

// The layers of known networks, each told by its first case that bites, or its first.
function listNetworks(run, table, from, to) {
  const stems = new Map();
  for (const one of run.cases) {
    if (one.layer !== table.layer || one.invalid || one.api || !NETWORKS.test(one.spec)) continue;
    const [mine, theirs] = [from, to].map((column) => one.verdicts.find((verdict) => verdict.column === column));
    if (!mine?.call || !theirs) continue;
    const known = stems.get(stem(one));
    if (!known || (failed(theirs) && !failed(known.theirs))) stems.set(stem(one), { name: stem(one), mine, theirs, bites: theirs.outcome !== "conforms" });
  }
  return [...stems.values()];
}

function networkTable(run, rows, source, target) {
  return simpleTable(say("port.networks"), [say("port.network"), code(source), code(target), say("port.outcome")], rows.map(({ name, mine, theirs }) => [
    h("a", { href: verdictLink(theirs) }, name), code(shortCall(mine)), theirs.call ? code(shortCall(theirs)) : [told(theirs.observed), sayInstead(run, theirs.column, theirs.case)], portOutcome(run, mine, theirs)]));
}

// A call without its API's path, which the column's head says.
const shortCall = (verdict) => verdict.call.replace(/^[\w.]*\.(?=\w+\()/, "");

function portOutcome(run, mine, theirs) {
  if (mine.outcome === "conforms" && theirs.outcome === "conforms") return say("port.both");
  return [mine, theirs].filter((verdict) => verdict.outcome !== "conforms").map((verdict) => {
    const entry = run.known[verdict.known];
    return h("div", {}, badgeLink(word(verdict)), " ",
      verdict.finding ? h("a", { href: link("finding", [verdict.finding.id]) }, verdict.finding.headline[language()]) : code(verdict.column.label),
      entry?.workaround ? h("div", { class: "note" }, h("b", {}, say("known.workaround")), ` ${entry.workaround[language()]}`) : "");
  });
}

function portArguments(run, table, from, to) {
  const told = (row) => row.standings[betweenKey(from, to)] === "proven" || [from, to].some((column) => idsOf(row, column).length);
  const rows = (chosen) => h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": say("port.arguments") },
    h("table", { class: "porting" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("porting.parameter")), h("th", { scope: "col" }, h("code", {}, from.label)),
        h("th", { scope: "col" }, h("code", {}, to.label)), h("th", { scope: "col" }, say("porting.proven")), h("th", { scope: "col" }, say("port.beside")))),
      h("tbody", {}, chosen.map((row) => portRow(run, row, from, to)))));
  const folded = table.rows.filter((row) => !told(row));
  return [rows(table.rows.filter(told)),
    folded.length ? h("details", { class: "fold" }, h("summary", {}, say("port.folded", { count: count(folded.length) })), rows(folded)) : ""];
}

function portRow(run, row, from, to) {
  const key = betweenKey(from, to);
  const shared = row.shared[key];
  const cell = (column) => {
    const [alone, example, conforms, fails, , differs, , reason, unsaid] = row.cells[column.at];
    const second = column.at > Math.min(from.at, to.at) ? 1 : 0;
    const text = shared ? shared[second] : alone;
    if (example === null) return h("td", { class: "none" }, reason ? told(reason) : say("porting.unasked"));
    return h("td", {}, h("a", { href: verdictLink(run.verdicts[shared ? shared[second + 2] : example]) }, text ? h("code", {}, text) : say(unsaid ? "porting.arrays_say" : "porting.nothing")),
      conforms || fails || differs || !reason ? "" : h("div", { class: "note" }, told(reason)));
  };
  const beside = [from, to].flatMap((column) => idsOf(row, column).filter((id) => !byFinding(run).get(id).odd).map((id) => {
    const one = byFinding(run).get(id);
    const entry = run.known[one.known];
    const address = one.entries ? link("finding", [id]) : entry ? link("finding", [entry.id]) : verdictLink(run.verdicts[one.first]);
    return h("div", {}, entry ? severityLink(entry) : "", " ", h("a", { href: address }, one.short[language()]), " ", h("span", { class: "note" }, column.label));
  }));
  const proven = row.proven[key] ?? 0;
  return h("tr", {}, h("th", { scope: "row" }, rowName(row),
    shared?.[4] ? h("div", { class: "note" }, `${say("porting.where")} `, h("code", {}, shared[4])) : ""), cell(from), cell(to),
    h("td", { class: proven ? "" : "none" }, proven ? count(proven) : term("standing", row.standings[key])), h("td", {}, beside));
}
