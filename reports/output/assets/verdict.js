// One verdict in full: what was asked, what was due and why, what was seen, and the script that shows it.
const code = (text) => (text ? h("code", {}, text) : null);
const verdictLink = (verdict) => link("verdict", [verdict.case.id, verdict.column.label]);
const wordQuery = (name) => (term("kind", name) === name ? `status:${name}` : `kind:${name}`);
const badge = (name) => h("span", { class: `badge k-${name}` }, wordTerm(name));
// Failures lead to their findings, the rest to the matrix.
const badgeLink = (name) => h("a", { href: link(MATRIX_WORDS.has(name) ? "matrix" : "findings", [], wordQuery(name)) }, badge(name));

// Our word for a kind or an outcome.
function wordTerm(name) {
  const kind = term("kind", name);
  return kind === name ? term("outcome", name) : kind;
}

// What the expectation comes from; a sentence of a copy or of a later version is not the vendor's of what is installed.
function whyKey(verdict) {
  if (verdict.ruling === "copy_outdated") return "why.copy";
  if (verdict.ruling === "announced") return "why.announced";
  if (verdict.case.claim) return "why.claim";
  return verdict.case.invalid ? "why.reject" : "why.oracle";
}

// Document, place and sentence in one, in the chosen language; any other text as `told` has it.
const retold = (text, statement) => (statement && text.endsWith(`: ${statement.says.en}`)
  ? `${statement.title[language()]}, ${statement.section[language()]}: ${statement.says[language()]}` : told(text));

const MATRIX_WORDS = new Set(["conforms", "differs", "no_equivalent", "unavailable", "fault"]);
const PLAIN = new Set(["False", "None", "contiguous"]);

function sidesOf(verdict) {
  const side = (key, text) => (text ? h("div", {}, h("div", { class: "label" }, say(key)), h("pre", { class: "outside" }, text)) : null);
  return h("div", { class: "sides" }, side("expected", told(verdict.expected)), side("observed", told(verdict.observed)));
}

function verdictBody(run, verdict) {
  const one = verdict.case;
  const facts = h("dl", { class: "facts" });
  const add = (key, ...content) => {
    const shown = content.flat().filter((item) => item !== "" && item !== null && item !== undefined);
    if (shown.length) facts.append(h("dt", {}, say(key)), h("dd", {}, shown));
  };
  add("case", code(one.id), one.line ? ` (${say("spec.line", { line: one.line })})` : null);
  const given = one.arguments.map(([name, value]) => `${name}=${value}`).join(", ");
  add("arguments", code(given));
  add("inputs", code(one.inputs.filter(([, value]) => !PLAIN.has(value)).map(([name, value]) => (value === "True" ? name : `${name} ${value}`)).join(", ")));
  add("call", code(verdict.call));
  const statement = one.claim ? run.statements.find((item) => item.claim === one.claim && item.api === one.api) : null;
  add("why", say(whyKey(verdict), { clause: retold(one.clause, statement) }));
  add("wrong", code(one.wrong));
  if (one.claim) add("claim", code(one.claim), statement && !one.clause.includes(statement.says.en) ? ` ${statement.says[language()]}` : null,
    statement?.docstring ? ` ${term("docstring", statement.docstring)}` : null);
  add("authority", verdict.authority ? term("authority", verdict.authority) : null, verdict.rests ? `: ${retold(verdict.rests, statement)}` : null);
  add("direction", verdict.direction ? term("direction", verdict.direction) : null);
  add("ruling", verdict.ruling ? term("ruling", verdict.ruling) : null);
  if (verdict.error) add("raised", code(verdict.error), verdict.phase ? ` (${term("phase", verdict.phase)})` : "", h("div", { class: "outside" }, verdict.message));
  else add("phase", verdict.phase ? term("phase", verdict.phase) : null);
  if (verdict.worst) {
    const [index, expected, observed, bound] = verdict.worst;
    add("worst", say("worst.text", { index: `[${index}]`, expected, observed, bound }));
  }
  add("ratio", verdict.ratio, verdict.ratio && verdict.exact ? ` (${say("exact")})` : null);
  add("further", verdict.further.map(([kind, subject, expected, observed]) =>
    h("div", {}, badge(kind), ` ${term("subject", subject)}: ${told(observed)} (${say("expected")}: ${told(expected)})`)));
  add("compared", verdict.compared ? verdict.compared.split(", ").map((name) => term("aspect", name)).join(say("lead.comma")) : null);
  if (verdict.accident) add("refusal", say("accident"));
  if (verdict.inferred) add("verdict", say("inferred"));
  add("known", verdict.known);
  add("changed", verdict.changed ? [term("change", verdict.changed), verdict.before && verdict.changed !== "unchanged" ? `: ${verdict.before}` : ""] : null);
  const later = h("div", {});
  details(run, verdict).then((found) => {
    later.append(...[
      verdict.kind === "shape" ? shapeGrids(verdict.expected, verdict.observed) : null,
      found.arrays ? pictures(verdict, found.arrays) : null,
      found.script ? scriptBlock(found) : null,
      found.stderr ? h("div", {}, h("div", { class: "label" }, say("stderr")), h("pre", { class: "outside" }, found.stderr)) : null,
    ].filter(Boolean));
  });
  return h("div", { class: "verdict" }, sidesOf(verdict), facts, later);
}

// A button that copies a text, and says so.
function copyButton(key, text) {
  const button = h("button", { type: "button", class: "copy" }, say(key));
  button.addEventListener("click", async () => {
    await copy(text());
    button.textContent = say("copied");
    announce(say("copied"));
    setTimeout(() => { button.textContent = say(key); }, 1500);
  });
  return button;
}

function scriptBlock(found) {
  const state = found.confirmed === undefined ? "unexecuted" : found.confirmed ? "confirmed" : "unconfirmed";
  const button = copyButton("copy", () => found.script);
  return h("div", { class: "script" },
    h("div", { class: "bar" }, h("div", { class: "label" }, say("script")), h("span", { class: `state ${state}` }, say(state)), button),
    h("pre", { class: "outside", tabindex: "0", role: "group", "aria-label": say("script") }, found.script),
    found.printed ? h("details", {}, h("summary", {}, say("printed")), h("pre", { class: "outside" }, found.printed)) : null);
}

// A page opened from disk may lack the clipboard's own interface.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "unseen" });
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function openVerdict(run, verdict, back) {
  const panel = byId("panel");
  const close = () => panel.close();
  panel.onclose = () => {
    if (address().view === "verdict") location.hash = back;
  };
  panel.replaceChildren(
    h("div", { class: "bar" },
      h("h2", { id: "panel-title" }, badgeLink(word(verdict)), " ", verdict.column.label),
      h("button", { type: "button", onclick: close }, say("close"))),
    verdict.finding ? h("p", {}, h("a", { href: link("finding", [verdict.finding.id]) },
      h("b", {}, verdict.finding.headline[language()]), " ", verdict.finding.when[language()]), basisOf(verdict.finding)) : "",
    verdictBody(run, verdict),
    others(verdict));
  if (!panel.open) panel.showModal();
  panel.scrollTop = 0;
}

// What became of the same case elsewhere.
function others(verdict) {
  const rest = verdict.case.verdicts.filter((other) => other !== verdict);
  if (!rest.length) return "";
  return h("div", {}, h("h3", {}, say("case.elsewhere")),
    h("ul", { class: "cases" }, rest.map((other) => h("li", {}, badgeLink(word(other)), " ", h("a", { href: verdictLink(other) }, h("code", {}, other.column.label))))));
}
