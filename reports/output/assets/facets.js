// Menus beside the search: each writes one field of the query, so that a facet and a typed query are the same thing.
const FACETS = {
  framework: (verdict) => verdict.column.framework,
  column: (verdict) => verdict.column.label,
  layer: (verdict) => verdict.case.layer,
  topic: (verdict) => verdict.topic.split(", "),
  status: (verdict) => verdict.outcome,
  kind: (verdict) => verdict.kind,
  severity: (verdict) => fact(verdict, "severity"),
  authority: (verdict) => verdict.authority,
  known: (verdict) => verdict.known,
  dtype: (verdict) => bare(verdict.case.inputs, "dtype"),
};
const SAID = { topic: "topic", status: "outcome", kind: "kind", severity: "severity", authority: "authority" };
const CHOSEN = /(^|\s)(\w+):("[^"]*"|[^\s"()]*)(?=\s|$)/g;

// The values that each facet can have in this run, in their order of appearance; what is long is told by its entries alone.
function facetValues(run) {
  run.facets ??= Object.fromEntries(Object.entries(FACETS).map(([field, of]) => {
    const values = new Set();
    for (const verdict of run.verdicts) {
      const found = of(verdict);
      if (typeof found === "string") values.add(found);
      else for (const value of found) values.add(value);
    }
    values.delete("");
    return [field, [...values].filter((value) => field !== "known" || run.known[value])];
  }));
  return run.facets;
}

const chosenFacet = (query, field) => [...query.matchAll(CHOSEN)].find((match) => match[2] === field)?.[3].replaceAll('"', "") ?? "";

function withFacet(query, field, value) {
  const rest = query.replace(CHOSEN, (whole, before, name) => (name === field ? "" : whole)).trim();
  const quoted = /[\s,()]/.test(value) || field === "column" || field === "known" ? `"${value}"` : value;
  return value ? `${rest} ${field}:${quoted}`.trim() : rest;
}

function facetMenus(run, query, choose) {
  return Object.entries(facetValues(run)).filter(([, values]) => values.length > 1).map(([field, values]) => {
    const chosen = chosenFacet(query, field);
    const said = (value) => (SAID[field] ? term(SAID[field], value) : value);
    const select = h("select", { "aria-label": say(`facet.${field}`), class: chosen ? "chosen" : undefined },
      h("option", { value: "" }, say(`facet.${field}`)),
      values.map((value) => h("option", { value, selected: value === chosen }, said(value))));
    select.addEventListener("change", () => choose(withFacet(query, field, select.value)));
    return select;
  });
}
