// Cases by APIs. Only the rows in sight are elements, so that 100,000 cells scroll as 300 do.
const ROW = 24; // pixels
const HEAD = 10; // rows that the header hides
const SIGNS = {
  conforms: "·", differs: "≠", no_equivalent: "–", unavailable: "?", fault: "!", crashed: "✖", timed_out: "…", unstable: "~",
  shape: "S", value: "V", gradient: "G", dtype: "T", default: "D", text: "N", distribution: "P",
  wrongly_accepted: "A", wrongly_rejected: "R", internal_error: "I", error_class: "E", error_phase: "F",
};

// Links that choose the layer of a view.
function layerChoice(run, view, layer) {
  return h("span", { role: "group", "aria-label": say("matrix.layer") }, run.layers.map((name) => h("a", {
    class: "choice", href: link(view, [name], address().query), "aria-current": name === layer ? "true" : undefined,
  }, name)));
}

function showMatrix(run, view, chosen, layer) {
  layer = run.layers.includes(layer) ? layer : run.layers[0];
  const wanted = new Set(chosen);
  const used = new Set(run.verdicts.filter((verdict) => verdict.case.layer === layer).map((verdict) => verdict.column));
  const columns = run.columns.filter((column) => used.has(column));
  const bySpec = new Map();
  let verdicts = 0;
  for (const one of run.cases) {
    if (one.layer !== layer) continue;
    const matching = one.verdicts.filter((verdict) => wanted.has(verdict)).length;
    if (!matching) continue;
    verdicts += matching;
    if (!bySpec.has(one.spec)) bySpec.set(one.spec, []);
    bySpec.get(one.spec).push(one);
  }
  const specs = [...bySpec].sort(([, a], [, b]) => Boolean(a[0].api) - Boolean(b[0].api)); // claims ask one API: last
  const rows = specs.flatMap(([spec, cases]) => [{ spec, cases }, ...cases.map((one) => ({ one }))]);
  const cases = rows.length - bySpec.size;
  const body = h("div", { class: "rows", role: "rowgroup" });
  body.style.height = `${rows.length * ROW}px`;
  const grid = h("div", {
    class: "grid", role: "grid", tabindex: "0", "aria-label": say("matrix.caption"), "aria-rowcount": rows.length + 1,
    "aria-colcount": columns.length + 1,
  },
    h("div", { role: "rowgroup", class: "head" },
      h("div", { role: "row", "aria-rowindex": 1 }, h("span", { role: "columnheader", class: "name" }, say("case")),
        columns.map((column) => h("span", { role: "columnheader", class: "api", title: column.label }, h("i", {}, column.label.replace(/[^.]*$/, ""), h("br"), h("b", {}, column.label.replace(/.*\./, ""))))))),
    body);
  grid.style.setProperty("--columns", columns.length);
  const active = { row: 0, column: 0 };
  const shown = new Map();
  // Rows that stay in sight stay the same elements, so that a click between two drawings is not lost.
  const draw = () => {
    const top = Math.max(0, Math.floor(grid.scrollTop / ROW) - 8);
    const end = Math.min(rows.length, top + Math.ceil(grid.clientHeight / ROW) + 20);
    for (const [at, element] of shown) {
      if (at < top || at >= end) {
        element.remove();
        shown.delete(at);
      }
    }
    const first = Math.min(...shown.keys());
    const before = body.firstChild;
    for (let at = top; at < end; at += 1) {
      if (shown.has(at)) continue;
      shown.set(at, matrixRow(rows[at], at, columns, wanted));
      body.insertBefore(shown.get(at), at < first ? before : null);
    }
    body.querySelector(".active")?.classList.remove("active");
    const cells = shown.get(active.row)?.children;
    const cell = cells?.[Math.min(active.column, cells.length - 1)];
    cell?.classList.add("active");
    grid.setAttribute("aria-activedescendant", cell?.id ?? "");
  };
  let due = 0;
  grid.addEventListener("scroll", () => {
    if (!due) due = requestAnimationFrame(() => { due = 0; draw(); });
  }, { passive: true });
  grid.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(grid.clientHeight / ROW) - HEAD);
    const moves = {
      ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [page, 0], PageUp: [-page, 0],
      Home: [-rows.length, 0], End: [rows.length, 0],
    };
    if (event.key === "Enter") {
      body.querySelector(".active a")?.click();
    } else if (moves[event.key]) {
      active.row = Math.min(rows.length - 1, Math.max(0, active.row + moves[event.key][0]));
      active.column = Math.min(columns.length, Math.max(0, active.column + moves[event.key][1]));
      const seen = active.row * ROW;
      if (seen < grid.scrollTop) grid.scrollTop = seen;
      else if (seen > grid.scrollTop + grid.clientHeight - HEAD * ROW) grid.scrollTop = seen - grid.clientHeight + HEAD * ROW;
      draw();
      body.querySelector(".active")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else {
      return;
    }
    event.preventDefault();
  });
  fill(view,
    h("h2", {}, say("nav.matrix")),
    h("div", { class: "bar" },
      layerChoice(run, "matrix", layer),
      h("span", { class: "note", role: "status" }, say("matrix.count", { cases: count(cases), verdicts: count(verdicts) })),
      h("span", { class: "note wide" }, say("matrix.keys"))),
    grid,
    h("p", { class: "legend" }, Object.keys(SIGNS).map((name) => h("a", { href: link("matrix", [layer], wordQuery(name)) },
      h("span", { class: `cell k-${name}` }, SIGNS[name]), " ", wordTerm(name)))));
  draw();
}

function matrixRow(row, at, columns, wanted) {
  const id = (column) => `cell-${at}-${column}`;
  const attributes = { role: "row", "aria-rowindex": at + 2 };
  let element;
  if (row.spec !== undefined) {
    const failures = row.cases.reduce((sum, one) => sum + one.verdicts.filter((verdict) => wanted.has(verdict) && failed(verdict)).length, 0);
    element = h("div", { ...attributes, class: "row spec" }, h("span", { role: "rowheader", id: id(0), class: "name" },
      h("b", {}, row.spec), ` ${count(failures)} / ${count(row.cases.length)}`));
  } else {
    const of = new Map(row.one.verdicts.map((verdict) => [verdict.column, verdict]));
    element = h("div", { ...attributes, class: "row" },
      h("span", { role: "rowheader", id: id(0), class: "name", title: row.one.id }, row.one.name),
      columns.map((column, i) => {
        const verdict = of.get(column);
        if (!verdict) return h("span", { role: "gridcell", id: id(i + 1), class: "cell void" });
        const said = wordTerm(word(verdict));
        return h("span", { role: "gridcell", id: id(i + 1), class: `cell k-${word(verdict)}${wanted.has(verdict) ? "" : " dim"}` },
          h("a", { href: verdictLink(verdict), tabindex: "-1", "aria-label": said, title: `${column.label}: ${said}` }, SIGNS[word(verdict)] ?? "✕"));
      }));
  }
  element.style.transform = `translateY(${at * ROW}px)`;
  return element;
}
