// Findings, each a card that fills itself when it is opened.
const OTHERS = 30;

function findingCard(run, finding, shown) {
  const first = finding.entries[0];
  const card = h("details", { class: "finding", id: `finding-${finding.id}` },
    h("summary", {}, badge(word(first)),
      h("span", { class: "says" }, h("b", {}, finding.headline[language()]), " ", finding.when[language()], basisOf(finding)),
      h("span", { class: "count" }, say("finding.cases", { count: shown === finding.entries.length ? count(shown) : `${count(shown)} / ${count(finding.entries.length)}` }))));
  card.addEventListener("toggle", () => {
    if (card.open && card.children.length === 1) card.append(findingBody(run, finding));
  });
  return card;
}

// Who says that it is wrong, and by which sentence or definition.
const basisOf = (finding) => (finding.basis[language()] ? h("span", { class: "basis" }, finding.basis[language()]) : null);

function findingBody(run, finding) {
  const first = finding.entries[0];
  const others = finding.entries.slice(1, OTHERS + 1);
  const same = finding.when.en;
  const elsewhere = first.case.claim || !finding.told ? [] : run.findings.filter((other) => other !== finding && other.when.en === same);
  return h("div", { class: "body" },
    h("p", { class: "note" },
      finding.exceptions ? [say("exceptions", { count: count(finding.exceptions) }), ". "] : "",
      h("a", { href: link("finding", [finding.id]) }, say("finding.link"))),
    finding.rests.length > 1 ? [h("h3", {}, say("finding.rests")), h("ul", {}, finding.rests.map((sentence) => h("li", {}, told(sentence))))] : "",
    h("h3", {}, say("finding.smallest"), " ", h("a", { href: verdictLink(first) }, h("code", {}, first.case.name))),
    verdictBody(run, first),
    elsewhere.length ? [h("h3", {}, say("finding.same")),
      h("ul", {}, elsewhere.map((other) => h("li", {}, h("a", { href: link("finding", [other.id]) }, other.headline[language()]), ` (${say("finding.cases", { count: count(other.entries.length) })})`)))] : "",
    others.length ? [h("h3", {}, say("finding.others")),
      h("ul", { class: "cases" }, others.map((verdict) => h("li", {}, h("a", { href: verdictLink(verdict) },
        h("code", {}, verdict.case.id)), finding.columns.length > 1 ? ` ${verdict.column.label}` : "")))] : "",
    finding.entries.length > OTHERS + 1
      ? h("p", {}, h("a", { href: link("matrix", [], `finding:${finding.id}`) }, say("finding.more", { count: count(finding.entries.length) }))) : "");
}

function showFindings(run, view, chosen) {
  const matching = new Map();
  for (const verdict of chosen) {
    if (verdict.finding) matching.set(verdict.finding, (matching.get(verdict.finding) ?? 0) + 1);
  }
  const shown = run.findings.filter((finding) => matching.has(finding));
  const cases = shown.reduce((sum, finding) => sum + matching.get(finding), 0);
  fill(view,
    h("h2", {}, say("nav.findings")),
    h("p", { class: "note", role: "status" }, say("findings.count", { shown: count(shown.length), all: count(run.findings.length), cases: count(cases) })),
    shown.length ? h("div", {}, shown.map((finding) => findingCard(run, finding, matching.get(finding))))
      : h("p", {}, say("findings.none")));
}

function openFinding(id) {
  const card = byId(`finding-${id}`);
  if (!card) return;
  card.open = true;
  card.querySelector("summary").scrollIntoView({ block: "start" });
  card.querySelector("summary").focus({ preventScroll: true });
}
