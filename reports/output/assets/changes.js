// What changed since the earlier run.
function showChanges(run, view) {
  const changes = run.changes;
  fill(view,
    h("h2", {}, say("nav.changes")),
    h("p", { class: "note" }, say("changes.note", {
      file: changes.before.map(([name, started]) => `${name} (${started})`).join(", "), targets: changes.targets.map((pair) => pair.join(" ").trim()).join(", "),
    })),
    changes.before.filter(([, , incomplete]) => incomplete).map(([name, , incomplete]) => h("p", { class: "notice bad" }, say("incomplete.of", { file: name, problem: incomplete }))),
    h("p", { class: "legend" }, Object.entries(changes.counts).map(([change, n]) => h("span", {}, h("span", { class: `ruling c-${change}` }, term("change", change)), " ",
      n && change !== "removed" ? h("a", { href: link("matrix", [], `changed:${change}`) }, count(n)) : count(n)))),
    showGroups(run, changes.groups));
}

// Groups of cases that changed alike.
function showGroups(run, groups) {
  return groups.map(([change, api, before, after, number, cases]) => h("details", { class: "finding", open: ["worse", "lost"].includes(change) },
    h("summary", {}, h("span", { class: `ruling c-${change}` }, term("change", change)),
      h("span", { class: "says" }, h("b", {}, api), " ", h("code", {}, before || "—"), " → ", h("code", {}, after || "—")),
      h("span", { class: "count" }, say("finding.cases", { count: count(number) }))),
    h("div", { class: "body" }, h("ul", { class: "cases" }, cases.map(([id, index]) => h("li", {}, index < 0 ? h("code", {}, id)
      : h("a", { href: verdictLink(run.verdicts[index]) }, h("code", {}, id)))), number > cases.length ? h("li", {}, `… ${count(number - cases.length)}`) : ""))));
}
