// How close the values come to their bound, by API and dtype.
const EDGES = [0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];

function showAccuracy(run, view, chosen) {
  const rows = new Map();
  for (const verdict of chosen) {
    if (verdict.ratio === "") continue;
    const dtype = bare(verdict.case.inputs, "dtype");
    const key = `${verdict.column.at} ${dtype}`;
    if (!rows.has(key)) rows.set(key, { column: verdict.column, dtype, verdicts: [], exact: 0, bins: Array(EDGES.length + 1).fill(0), worst: verdict, most: -1 });
    const row = rows.get(key);
    const ratio = Number(verdict.ratio.replace("inf", "Infinity"));
    row.verdicts.push(verdict);
    if (ratio === 0) row.exact += 1;
    const bin = EDGES.findIndex((edge) => ratio <= edge);
    row.bins[bin < 0 ? EDGES.length : bin] += 1;
    const rank = Number.isNaN(ratio) ? Infinity : ratio;
    if (rank > row.most) Object.assign(row, { most: rank, worst: verdict });
  }
  const sorted = [...rows.values()].sort((a, b) => a.column.at - b.column.at || a.dtype.localeCompare(b.dtype));
  fill(view,
    h("h2", {}, say("nav.accuracy")),
    accuracyPlots(run, chosen),
    h("p", { class: "note" }, say("accuracy.note")),
    sorted.length ? h("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-label": say("nav.accuracy") }, h("table", { class: "counts" },
      h("thead", {}, h("tr", {}, ["column.api", "accuracy.dtype", "accuracy.compared", "accuracy.exact", "accuracy.beyond", "accuracy.distribution", "accuracy.worst"]
        .map((key) => h("th", { scope: "col" }, say(key))))),
      h("tbody", {}, sorted.map((row) => h("tr", {},
        h("th", { scope: "row" }, h("code", {}, row.column.label)), h("td", {}, row.dtype), h("td", {}, count(row.verdicts.length)), h("td", {}, count(row.exact)),
        h("td", {}, row.bins[EDGES.length] ? h("a", { href: link("matrix", [row.worst.case.layer], `column:"${row.column.label}" dtype:"${row.dtype}" (ratio:>1 OR ratio:nan)`) }, count(row.bins[EDGES.length])) : ""),
        h("td", {}, bars(row)),
        h("td", {}, h("a", { href: verdictLink(row.worst) }, row.worst.ratio))))))) : h("p", {}, say("accuracy.none")));
}

function bars(row) {
  const most = Math.max(...row.bins);
  const label = row.bins.map((n, i) => `${edgeName(i)}: ${n}`).join(", ");
  const image = svg("svg", { width: row.bins.length * 14, height: 26, role: "img", "aria-label": label, class: "bars" });
  row.bins.forEach((n, i) => {
    const height = n ? Math.max(2, (Math.log1p(n) / Math.log1p(most)) * 24) : 0;
    const bar = svg("rect", { x: i * 14 + 1, y: 25 - height, width: 12, height, class: i === EDGES.length ? "beyond" : i === 0 ? "nil" : "" });
    bar.append(svg("title", {}, `${edgeName(i)}: ${n}`));
    image.append(bar);
  });
  image.append(svg("line", { x1: 0, x2: row.bins.length * 14, y1: 25.5, y2: 25.5 }));
  return image;
}

function edgeName(i) {
  if (i === 0) return "0";
  return i === EDGES.length ? "> 1" : `≤ ${EDGES[i] === 1 ? "1" : `1/${1 / EDGES[i]}`}`;
}
