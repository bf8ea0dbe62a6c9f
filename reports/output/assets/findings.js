// Findings, each a card that fills itself when it is opened.
const OTHERS = 30;

function findingCard(run, finding, shown) {
  const first = finding.entries[0];
  const card = h("details", { class: "finding", id: `finding-${finding.id}` },
    h("summary", {}, entryOf(run, finding) ? severityBadge(entryOf(run, finding)) : [h("span", { class: "badge new" }, say("known.new")), badge(word(first))],
      h("span", { class: "says" }, h("span", { class: "whose" }, frameworksOf(run, finding)), " ", h("b", {}, finding.headline[language()]), targetBadges(run, finding), " ", finding.when[language()], basisOf(finding)),
      h("span", { class: "count" }, say("finding.cases", { count: shown === finding.entries.length ? count(shown) : `${count(shown)} / ${count(finding.entries.length)}` }))));
  card.addEventListener("toggle", () => {
    if (card.open && card.children.length === 1) card.append(findingBody(run, finding));
  });
  return card;
}

// What a finding has in common with others, each a link to all of them.
function findingTags(run, finding) {
  const entry = entryOf(run, finding);
  const authority = finding.entries[0].authority;
  const tag = (query, text) => h("a", { href: link("findings", [], query) }, h("span", { class: "badge tag" }, text));
  return [
    entry ? severityLink(entry) : badgeLink(word(finding.entries[0])), " ",
    authority ? [tag(`authority:${authority}`, term("authority", authority)), " "] : "",
    finding.columns.map((at) => [tag(`column:"${run.columns[at].label}"`, run.columns[at].label), " "]),
  ];
}

const frameworksOf = (run, finding) => [...new Set(finding.columns.map((at) => run.columns[at].framework))].join(", ");

// Where a framework was audited in several versions or places: those that show the finding.
function targetBadges(run, finding) {
  const several = (framework) => run.frameworks.filter(([, other]) => other === framework).length > 1;
  const shown = new Map(finding.columns.map((at) => run.columns[at]).filter((column) => several(column.framework)).map((column) => [column.target, column.version]));
  return [...shown].map(([target, version]) => h("span", { class: "badge new target" }, target.includes(version) ? target : `${target} ${version}`));
}

const entryOf = (run, finding) => run.known[finding.known];
const severityBadge = (entry) => h("span", { class: `badge s-${entry.severity}` }, term("severity", entry.severity));
// A badge outside a card's first line, which opens the card, leads to all that has it.
const severityLink = (entry) => h("a", { href: link("findings", [], `severity:${entry.severity}`) }, severityBadge(entry));

// An entry's script, and whether some target showed what it says when it was executed.
function scriptOf(entry) {
  const shown = entry.sights.map((sight) => sight[2]);
  const confirmed = shown.includes(1) || (shown.every((one) => one < 0) ? undefined : false);
  return scriptBlock({ script: entry.script, confirmed, printed: "" });
}

// What the catalogue says of a cause: its script first, then what to do without, then where it was seen.
function entryBody(entry) {
  const facts = h("dl", { class: "facts" });
  const add = (key, ...content) => facts.append(h("dt", {}, say(key)), h("dd", {}, content));
  add("known.id", h("code", {}, entry.id));
  add("known.api", entry.apis.flatMap((api, place) => [place ? say("lead.comma") : "", h("code", {}, api)]));
  add(entry.authority ? "authority" : "direction", entry.authority ? `${term("authority", entry.authority)}: ` : "", entry.rests[language()]);
  add("known.where", entry.where);
  const isSeen = ([, verdicts]) => verdicts > 0;
  add("known.sights", entry.sights.filter(isSeen).map(([target, verdicts, shown, ended]) => h("div", {}, h("code", {}, target),
    ` ${say("finding.cases", { count: count(verdicts) })}; ${say(shown < 0 ? "known.not_executed" : shown ? "known.shown" : "known.not_shown")} `, ended ? h("code", {}, ended) : "")));
  const unseen = entry.sights.filter((sight) => !isSeen(sight));
  if (unseen.length) add("known.unseen", unseen.map(([target, , , , asked, holds]) => h("div", {}, h("code", {}, target),
    ` ${say(holds ? "known.not_seen" : "known.excluded", { count: count(asked) })}`)));
  add("known.tracker", entry.upstream.startsWith("https://") ? h("a", { href: entry.upstream, rel: "noreferrer" }, entry.upstream) : say("known.unreported"));
  return [
    entry.correction ? [h("h3", {}, say("known.correction")), h("p", {}, entry.correction[language()])] : "",
    scriptOf(entry),
    entry.workaround ? [h("h3", {}, say("known.workaround")), h("p", {}, entry.workaround[language()]), h("pre", { class: "outside" }, entry.instead)] : "",
    facts,
    h("p", {}, copyButton("known.copy", () => entry.page[language()])),
  ];
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
    h("p", { class: "tags" }, findingTags(run, finding)),
    entryOf(run, finding) ? entryBody(entryOf(run, finding)) : "",
    finding.rests.en.length > 1 ? [h("h3", {}, say("finding.rests")), h("ul", {}, finding.rests[language()].map((sentence) => h("li", {}, sentence)))] : "",
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

// A finding as the overview tells it: what happens, its picture and script; the rest is a click away.
function toldFinding(run, finding) {
  const first = finding.entries[0];
  const entry = entryOf(run, finding);
  const picture = h("div", {});
  const script = entry ? scriptOf(entry) : h("div", {});
  details(run, first).then((found) => {
    if (found.arrays) picture.append(pictures(first, found.arrays));
    if (!entry && found.script) script.append(scriptBlock(found));
  });
  return h("article", {},
    h("p", {}, entry ? severityBadge(entry) : badge(word(first)), " ", h("b", {}, finding.headline[language()]), " ", finding.when[language()], basisOf(finding)),
    h("p", {}, code(first.call)), sidesOf(first), picture, script,
    h("p", {}, h("a", { href: link("finding", [finding.id]) }, say("intro.whole", { count: count(finding.entries.length) }))));
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
      : h("p", {}, say("findings.none")),
    differenceCards(run));
}

// What the catalogue calls a difference is no finding: it is told below them, for who ports.
function differenceCards(run) {
  const entries = Object.values(run.known).filter((entry) => entry.severity === "difference");
  if (!entries.length) return "";
  return [h("h2", {}, say("known.differences")), h("p", { class: "note" }, say("known.differences.note")), entries.map(entryCard)];
}

// An entry that has no finding of its own.
function entryCard(entry) {
  return h("details", { class: "finding", id: `finding-${entry.id}` },
    h("summary", {}, severityBadge(entry), h("span", { class: "says" }, h("b", {}, entry.title[language()]), " ", entry.effect[language()])),
    h("div", { class: "body" }, entryBody(entry)));
}

function openFinding(id) {
  const card = byId(`finding-${id}`);
  if (!card) return false;
  card.open = true;
  card.querySelector("summary").scrollIntoView({ block: "start" });
  card.querySelector("summary").focus({ preventScroll: true });
  return true;
}
