// What the maker of a framework wants first: defects by severity, wrong sentences, differences, and everything to take away.
const OF_DOCUMENTS = new Set(["document_wrong", "all_differ", "document_and_implementation_part"]);

function showVendor(run, view, _, wanted) {
  const frameworks = [...new Set(run.frameworks.map(([, framework]) => framework))];
  const name = frameworks.includes(wanted) ? wanted : frameworks[0];
  const versions = new Set(run.frameworks.filter(([, framework]) => framework === name).map(([, , version]) => version));
  const findings = run.findings.filter((finding) => finding.columns.some((at) => run.columns[at].framework === name));
  const isDefect = (finding) => entryOf(run, finding)?.severity !== "wrong_document" && !OF_DOCUMENTS.has(finding.entries[0].ruling);
  const defects = findings.filter(isDefect);
  const differences = Object.values(run.known).filter((entry) => entry.framework === name && entry.severity === "difference");
  const known = findings.filter((finding) => finding.known);
  const files = listFiles(run, findings, differences);
  const button = h("button", { type: "button", class: "download" }, say("vendor.download", { count: count(files.length) }));
  button.addEventListener("click", async () => {
    const texts = await Promise.all(files.map(async ([path, text]) => [path, await text()]));
    download(`${name}.zip`, makeZip(texts.filter(([, text]) => text)));
  });
  const documents = documentErrors(run, name, findings.filter((finding) => !isDefect(finding)));
  const jump = (part, is) => (is ? [" ", h("a", { href: link("vendor", [name, part]) }, say(`vendor.${part}`))] : "");
  fill(view,
    h("h2", {}, `${name} ${[...versions].join(", ")}`),
    h("div", { class: "bar", role: "group", "aria-label": say("vendor.choose") }, frameworks.map((one) => h("a", {
      class: "choice", href: link("vendor", [one]), "aria-current": one === name ? "true" : undefined }, one))),
    h("p", {}, say("vendor.lead", { known: count(known.length), new: count(findings.length - known.length), differences: count(differences.length) }),
      jump("documents", documents), jump("differences", differences.length)),
    files.length ? h("p", {}, button) : "",
    versionTable(run, name, findings, differences),
    h("h3", {}, say("vendor.defects")),
    defects.length ? defects.map((finding) => findingCard(run, finding, finding.entries.length)) : h("p", {}, say("vendor.none")),
    documents,
    differences.length ? [h("h3", { id: "part-differences" }, say("vendor.differences")), differences.map(entryCard)] : "");
}

// What to take away: by path a function that gives the text, scripts and pages of entries and the scripts of what is new.
function listFiles(run, findings, differences) {
  const entries = new Set([...findings.map((finding) => entryOf(run, finding)), ...differences]);
  entries.delete(undefined);
  const files = [];
  for (const entry of entries) {
    files.push([`scripts/${entry.id}.py`, () => entry.script], [`issues/${entry.id}.md`, () => entry.page[language()]]);
    if (entry.workaround) files.push([`workarounds/${entry.id}.py`, () => entry.instead]);
  }
  for (const finding of findings.filter((one) => !one.known)) {
    files.push([`scripts/new-${finding.id}.py`, async () => (await details(run, finding.entries[0])).script ?? ""]);
  }
  return files;
}

// Sentences that are wrong: those that an entry or a finding tells of, with the sentences themselves.
function documentErrors(run, framework, findings) {
  const wrong = new Map();
  for (const verdict of run.verdicts) {
    if (!verdict.case.claim || verdict.column.framework !== framework || !OF_DOCUMENTS.has(verdict.ruling)) continue;
    const key = `${verdict.case.api} ${verdict.case.claim}`;
    if (!wrong.has(key)) wrong.set(key, verdict);
  }
  if (!wrong.size && !findings.length) return "";
  const statements = run.statements.filter((one) => wrong.has(`${one.api} ${one.claim}`));
  return [
    h("h3", { id: "part-documents" }, say("vendor.documents")),
    findings.map((finding) => findingCard(run, finding, finding.entries.length)),
    statements.length ? [h("p", { class: "note" }, say("vendor.documents.note")),
      h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": say("vendor.documents") }, h("table", { class: "statements" },
        h("thead", {}, h("tr", {}, ["documents.says", "documents.section", "vendor.instead", "known.correction"].map((key) => h("th", { scope: "col" }, say(key))))),
        h("tbody", {}, statements.map((one) => {
          const verdict = wrong.get(`${one.api} ${one.claim}`);
          return h("tr", {},
            h("td", {}, one.says[language()], h("div", { class: "note" }, code(one.claim))),
            h("td", {}, code(one.api), h("div", { class: "note" }, `${one.section[language()]} `, sourceOf(one.source))),
            h("td", {}, verdict.finding ? h("a", { href: link("finding", [verdict.finding.id]) }, verdict.finding.headline[language()]) : h("a", { href: verdictLink(verdict) }, term("ruling", verdict.ruling)),
              h("div", { class: "note" }, told(verdict.observed))),
            h("td", {}, run.known[verdict.known]?.correction?.[language()] ?? ""));
        }))))] : "",
  ];
}
