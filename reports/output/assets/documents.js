// Each document's statements in order, and what became of each when it was tried.
const RULINGS = ["implementation_wrong", "document_wrong", "all_differ", "oracle_apart", "document_and_implementation_part",
  "diverges", "fault", "copy_outdated", "announced", "document_silent", "holds", "not_observable", "unchecked", "not_run"];

const WRONG = 6; // so many of the first say that the sentence does not hold
const FEW = 3; // documents that need no folding

function rulingOf(verdict) {
  if (verdict.ruling) return verdict.ruling;
  if (verdict.outcome === "conforms") return "holds";
  if (failed(verdict)) return "diverges";
  return verdict.outcome === "fault" ? "fault" : "not_observable";
}

function showDocuments(run, view, chosen) {
  const byClaim = groupClaims(chosen);
  const all = groupClaims(run.verdicts);
  const searching = chosen.length !== run.verdicts.length;
  const documents = new Map();
  for (const statement of run.statements) {
    const verdicts = byClaim.get(`${statement.api} ${statement.claim}`) ?? [];
    const key = `${statement.document} ${statement.api}`;
    if (!documents.has(key)) documents.set(key, { title: statement.title, api: statement.api, source: statement.source, statements: [], shown: [] });
    // What came of a sentence is what all its cases say: a search chooses sentences and changes none.
    const found = new Set((all.get(`${statement.api} ${statement.claim}`) ?? []).map(rulingOf));
    const ruling = statement.unchecked !== null ? "unchecked" : RULINGS.find((one) => found.has(one)) ?? "not_run";
    const told = { ...statement, verdicts: all.get(`${statement.api} ${statement.claim}`) ?? [], ruling };
    documents.get(key).statements.push(told);
    if (!searching || verdicts.length) documents.get(key).shown.push(told);
  }
  const shown = [...documents.values()].filter((document) => document.shown.length);
  fill(view,
    h("h2", {}, say("nav.documents")),
    h("p", { class: "note" }, say("documents.note")),
    shown.map((document) => documentPart(document, searching || shown.length <= FEW)));
}

// Verdicts by the sentence that they are on.
function groupClaims(verdicts) {
  const byClaim = new Map();
  for (const verdict of verdicts) {
    if (!verdict.case.claim) continue;
    const key = `${verdict.case.api} ${verdict.case.claim}`;
    if (!byClaim.has(key)) byClaim.set(key, []);
    byClaim.get(key).push(verdict);
  }
  return byClaim;
}

function documentPart(document, open) {
  const counts = RULINGS.map((ruling) => [ruling, document.statements.filter((one) => one.ruling === ruling).length]).filter(([, n]) => n);
  const accounted = document.statements.filter((one) => one.ruling !== "not_run").length;
  const wrong = counts.filter(([ruling]) => RULINGS.indexOf(ruling) < WRONG).reduce((sum, [, n]) => sum + n, 0);
  const card = h("details", { class: "finding" },
    h("summary", {}, h("span", { class: "says" }, h("b", {}, document.api), " ", h("span", { class: "note" }, document.title[language()]),
      sourceOf(document.source)),
      wrong ? h("span", { class: "ruling r-document_wrong" }, say("documents.wrong", { count: count(wrong) })) : "",
      h("span", { class: "count" }, say("documents.accounted", { accounted: count(accounted), all: count(document.statements.length) })))
  );
  // A document's table is made when it is opened.
  const fold = () => {
    if (card.open && card.children.length === 1) card.append(documentBody(document, counts));
  };
  card.addEventListener("toggle", fold);
  card.open = open;
  fold();
  return card;
}

function documentBody(document, counts) {
  return h("div", { class: "body" },
      document.source?.[2] ? h("p", { class: "note" }, say("documents.address"), " ", code(document.source[2])) : null,
      h("p", { class: "legend" }, counts.map(([ruling, n]) => h("span", {}, h("span", { class: `ruling r-${ruling}` }, term("ruling", ruling)), ` ${count(n)}`))),
      h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": document.api },
        h("table", { class: "statements" },
          h("thead", {}, h("tr", {}, ["documents.section", "documents.says", "documents.ruling", "documents.cases"].map((key) => h("th", { scope: "col" }, say(key))))),
          h("tbody", {}, document.shown.map(statementRow)))));
}

// What sort of document it is, of which version: a copy's sentence accuses nobody by itself.
function sourceOf(source) {
  if (!source) return null;
  const [kind, version] = source;
  return h("span", { class: "source" }, h("span", { class: `ruling s-${kind}` }, term("source", kind)), " ", version[language()]);
}

function statementRow(statement) {
  const worst = statement.verdicts.find((verdict) => rulingOf(verdict) === statement.ruling);
  return h("tr", {},
    h("td", {}, statement.section[language()]),
    h("td", {}, statement.says[language()], h("div", { class: "note" }, h("code", {}, statement.claim), statement.unchecked ? ` ${statement.unchecked[language()]}` : ""),
      statement.docstring ? h("div", { class: "note" }, term("docstring", statement.docstring)) : null,
      statement.announced ? h("div", { class: "note" }, say("documents.announced", { version: statement.announced })) : null),
    h("td", {}, worst ? h("a", { href: verdictLink(worst), class: `ruling r-${statement.ruling}` }, term("ruling", statement.ruling))
      : h("span", { class: `ruling r-${statement.ruling}` }, term("ruling", statement.ruling))),
    h("td", {}, statement.verdicts.length
      ? h("a", { href: link("matrix", [statement.verdicts[0].case.layer], `claim:"${statement.claim}" api:"${statement.api}"`) }, count(statement.verdicts.length)) : ""));
}
