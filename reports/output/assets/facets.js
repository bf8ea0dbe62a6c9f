// Menus beside the search: each writes one field of the query, so that a facet and a typed query are the same thing.
const FACETS = {
  framework: (verdict) => verdict.column.framework,
  column: (verdict) => verdict.column.label,
  target: (verdict) => verdict.column.target,
  mode: (verdict) => verdict.column.mode,
  layer: (verdict) => verdict.case.layer,
  topic: (verdict) => verdict.topic.split(", "),
  status: (verdict) => verdict.outcome,
  kind: (verdict) => verdict.kind,
  severity: (verdict) => fact(verdict, "severity"),
  authority: (verdict) => verdict.authority,
  explained: (verdict) => fact(verdict, "explained"),
  known: (verdict) => verdict.known,
  dtype: (verdict) => bare(verdict.case.inputs, "dtype"),
};
const SAID = { topic: "topic", status: "outcome", kind: "kind", severity: "severity", authority: "authority", explained: "explained" };
const CHOSEN = /(^|\s)(\w+):("[^"]*"|[^\s"()]*)(?=\s|$)/g;

// The values that each facet can have in this run, in their order of appearance; what is long is told by its entries alone.
// A facet that all have alike is none, and targets are one only where a framework has several.
function facetValues(run) {
  run.facets ??= Object.fromEntries(Object.entries(FACETS).map(([field, of]) => {
    const values = new Set();
    for (const verdict of run.verdicts) {
      const found = of(verdict);
      if (typeof found === "string") values.add(found);
      else for (const value of found) values.add(value);
    }
    const differing = values.size > 1;
    values.delete("");
    return [field, differing ? [...values].filter((value) => field !== "known" || run.known[value]) : []];
  }));
  if (run.facets.target.length === run.facets.framework.length) run.facets.target = [];
  return run.facets;
}

const chosenFacet = (query, field) => [...query.matchAll(CHOSEN)].find((match) => match[2] === field)?.[3].replaceAll('"', "") ?? "";

function withFacet(query, field, value) {
  const rest = query.replace(CHOSEN, (whole, before, name) => (name === field ? "" : whole)).trim();
  const quoted = /[\s,()]/.test(value) || field === "column" || field === "known" ? `"${value}"` : value;
  return value ? `${rest} ${field}:${quoted}`.trim() : rest;
}

function facetMenus(run, query, choose) {
  return Object.entries(facetValues(run)).filter(([, values]) => values.length).map(([field, values]) => {
    const chosen = chosenFacet(query, field);
    const said = (value) => (SAID[field] ? term(SAID[field], value) : value);
    const select = h("select", { "aria-label": say(`facet.${field}`), class: chosen ? "chosen" : undefined },
      h("option", { value: "" }, say(`facet.${field}`)),
      values.map((value) => h("option", { value, selected: value === chosen }, said(value))));
    select.addEventListener("change", () => choose(withFacet(query, field, select.value)));
    return select;
  });
}
