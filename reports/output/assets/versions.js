// Where a framework was audited in several versions or places: which cause was seen in which.
function versionTable(run, name, findings, differences) {
  const targets = run.frameworks.filter(([, framework]) => framework === name).sort(([, , a], [, , b]) => a.localeCompare(b, "en", { numeric: true }));
  if (targets.length < 2) return "";
  const rows = [...findings.map((finding) => ({ entry: entryOf(run, finding), finding })), ...differences.map((entry) => ({ entry }))];
  return [h("h3", {}, say("versions.title")), h("p", { class: "note" }, say("versions.note")),
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": say("versions.title") }, h("table", { class: "versions" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("versions.cause")), targets.map(([target, , version]) => h("th", { scope: "col" }, target.includes(version) ? target : `${target} ${version}`)))),
      h("tbody", {}, rows.map(({ entry, finding }) => h("tr", {},
        h("th", { scope: "row" }, entry ? severityLink(entry) : h("span", { class: "badge new" }, say("known.new")), " ", entry ? entry.title[language()] : finding.headline[language()]),
        targets.map(([target]) => versionCell(run, target, entry, finding)))))))];
}

function versionCell(run, target, entry, finding) {
  const sight = entry?.sights.find(([one]) => one === target);
  const cases = sight ? sight[1] : (finding?.entries.filter((verdict) => verdict.column.target === target).length ?? 0);
  if (cases) return h("td", { class: "seen" }, `● ${count(cases)}`);
  return h("td", {}, sight ? "○" : "");
}
