// Each document's statements in order, and what became of each when it was tried.
const RULINGS = ["implementation_wrong", "document_wrong", "all_differ", "oracle_apart", "document_and_implementation_part",
  "diverges", "fault", "copy_outdated", "announced", "document_silent", "holds", "not_observable", "unchecked", "not_run"];

function rulingOf(verdict) {
  if (verdict.ruling) return verdict.ruling;
  if (verdict.outcome === "conforms") return "holds";
  if (failed(verdict)) return "diverges";
  return verdict.outcome === "fault" ? "fault" : "not_observable";
}

function showDocuments(run, view, chosen) {
  const byClaim = new Map();
  for (const verdict of chosen) {
    const key = `${verdict.case.api} ${verdict.case.claim}`;
    if (!verdict.case.claim) continue;
    if (!byClaim.has(key)) byClaim.set(key, []);
    byClaim.get(key).push(verdict);
  }
  const searching = chosen.length !== run.verdicts.length;
  const documents = new Map();
  for (const statement of run.statements) {
    const verdicts = byClaim.get(`${statement.api} ${statement.claim}`) ?? [];
    if (searching && !verdicts.length) continue;
    const key = `${statement.document} ${statement.api}`;
    if (!documents.has(key)) documents.set(key, { name: statement.document, api: statement.api, source: statement.source, statements: [] });
    const found = new Set(verdicts.map(rulingOf));
    const ruling = statement.unchecked !== null ? "unchecked" : RULINGS.find((one) => found.has(one)) ?? "not_run";
    documents.get(key).statements.push({ ...statement, verdicts, ruling });
  }
  fill(view,
    h("h2", {}, say("nav.documents")),
    h("p", { class: "note" }, say("documents.note")),
    [...documents.values()].map(documentPart));
}

function documentPart(document) {
  const counts = RULINGS.map((ruling) => [ruling, document.statements.filter((one) => one.ruling === ruling).length]).filter(([, n]) => n);
  const accounted = document.statements.filter((one) => one.ruling !== "not_run").length;
  return h("details", { class: "finding", open: true },
    h("summary", {}, h("span", { class: "says" }, h("b", {}, document.api), " ", h("span", { class: "note" }, document.name),
      sourceOf(document.source)),
      h("span", { class: "count" }, say("documents.accounted", { accounted: count(accounted), all: count(document.statements.length) }))),
    h("div", { class: "body" },
      document.source?.[4] ? h("p", { class: "note" }, say("documents.address"), " ", code(document.source[4])) : null,
      h("p", { class: "legend" }, counts.map(([ruling, n]) => h("span", {}, h("span", { class: `ruling r-${ruling}` }, term("ruling", ruling)), ` ${count(n)}`))),
      h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": document.api },
        h("table", { class: "statements" },
          h("thead", {}, h("tr", {}, ["documents.section", "documents.says", "documents.ruling", "documents.cases"].map((key) => h("th", { scope: "col" }, say(key))))),
          h("tbody", {}, document.statements.map(statementRow))))));
}

// What sort of document it is, of which version: a copy's sentence accuses nobody by itself.
function sourceOf(source) {
  if (!source) return null;
  const [kind, , , version] = source;
  return h("span", { class: "source" }, h("span", { class: `ruling s-${kind}` }, term("source", kind)), " ", version);
}

function statementRow(statement) {
  const worst = statement.verdicts.find((verdict) => rulingOf(verdict) === statement.ruling);
  return h("tr", {},
    h("td", {}, statement.section),
    h("td", {}, statement.says, h("div", { class: "note" }, h("code", {}, statement.claim), statement.unchecked ? ` ${statement.unchecked}` : ""),
      statement.docstring ? h("div", { class: "note" }, term("docstring", statement.docstring)) : null,
      statement.announced ? h("div", { class: "note" }, say("documents.announced", { version: statement.announced })) : null),
    h("td", {}, worst ? h("a", { href: verdictLink(worst), class: `ruling r-${statement.ruling}` }, term("ruling", statement.ruling))
      : h("span", { class: `ruling r-${statement.ruling}` }, term("ruling", statement.ruling))),
    h("td", {}, statement.verdicts.length
      ? h("a", { href: link("matrix", [statement.verdicts[0].case.layer], `claim:"${statement.claim}" api:"${statement.api}"`) }, count(statement.verdicts.length)) : ""));
}
