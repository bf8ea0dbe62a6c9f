// One verdict in full: what was asked, what was due and why, what was seen, and the script that shows it.
function verdictBody(run, verdict) {
  const one = verdict.case;
  const facts = h("dl", { class: "facts" });
  const fact = (key, ...content) => {
    const shown = content.flat().filter((item) => item !== "" && item !== null && item !== undefined);
    if (shown.length) facts.append(h("dt", {}, say(key)), h("dd", {}, shown));
  };
  const code = (text) => (text ? h("code", {}, text) : null);
  fact("case", code(one.id), one.line ? ` ${say("spec.line", { line: one.line })}` : null);
  fact("call", code(verdict.call));
  if (!verdict.call) fact("arguments", code(one.arguments.map(([name, value]) => `${name}=${value}`).join(", ")));
  fact("inputs", code(one.inputs.map(([name, value]) => `${name} ${value}`).join(", ")));
  fact("why", one.claim ? say("why.claim", { clause: one.clause }) : say(one.invalid ? "why.reject" : "why.oracle", { clause: one.clause }));
  fact("claim", code(one.claim));
  fact("phase", code(verdict.phase));
  if (verdict.error) fact("raised", code(verdict.error), ": ", verdict.message);
  if (verdict.worst) {
    const [index, expected, observed, bound] = verdict.worst;
    fact("worst", say("worst.text", { index: `[${index.join(", ")}]`, expected, observed, bound }));
  }
  if (verdict.ratio !== null) fact("ratio", String(verdict.ratio), verdict.exact ? ` (${say("exact")})` : null);
  if (verdict.ruling) fact("ruling", term("ruling", verdict.ruling));
  if (verdict.inferred) fact("verdict", say("inferred"));
  if (verdict.known) fact("finding.known.label", verdict.known);
  const sides = h("div", { class: "sides" },
    verdict.expected ? h("div", {}, h("h4", {}, say("expected")), h("pre", { class: "outside" }, verdict.expected)) : null,
    verdict.observed ? h("div", {}, h("h4", {}, say("observed")), h("pre", { class: "outside" }, verdict.observed)) : null);
  const later = h("div", { class: "later" });
  details(run, verdict).then((found) => {
    const picture = found.arrays ? pictures(found.arrays, verdict.worst) : null;
    if (picture) later.append(picture);
    if (found.stderr) later.append(h("h4", {}, say("stderr")), h("pre", { class: "outside" }, found.stderr));
    if (found.script) later.append(scriptBlock(found));
  });
  return h("div", { class: "verdict" }, sides, facts, later);
}

function scriptBlock(found) {
  const state = found.confirmed === undefined ? "unexecuted" : found.confirmed ? "confirmed" : "unconfirmed";
  const button = h("button", { type: "button", class: "copy" }, say("copy"));
  button.addEventListener("click", async () => {
    await copy(found.script);
    button.textContent = say("copied");
    announce(say("copied"));
    setTimeout(() => { button.textContent = say("copy"); }, 1500);
  });
  return h("div", { class: "script" },
    h("div", { class: "bar" }, h("h4", {}, say("script")), h("span", { class: `state ${state}` }, say(state)), button),
    h("pre", { class: "outside", tabindex: "0" }, found.script),
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

const verdictLink = (verdict) => link("verdict", [verdict.case.id, verdict.column.label]);

function badge(word) {
  return h("span", { class: `badge k-${word}` }, messages[language()][`kind.${word}`] ?? word);
}

function openVerdict(run, verdict, back) {
  const panel = byId("panel");
  const close = () => panel.close();
  panel.onclose = () => {
    if (address().view === "verdict") location.hash = back;
  };
  panel.replaceChildren(
    h("div", { class: "bar" },
      h("h2", { id: "panel-title" }, badge(failed(verdict) ? sort(verdict) : verdict.outcome), " ", verdict.column.label),
      h("button", { type: "button", onclick: close }, say("close"))),
    verdict.finding ? h("p", {}, h("a", { href: link("finding", [verdict.finding.id]) },
      h("b", {}, verdict.finding.headline[language()]), " ", verdict.finding.when[language()])) : "",
    verdictBody(run, verdict));
  if (!panel.open) panel.showModal();
}
