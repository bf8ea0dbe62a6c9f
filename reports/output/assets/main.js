// Starts the page: chooses language and theme, and shows the view that the address names.
const VIEWS = {
  findings: showFindings, matrix: showMatrix, errors: showErrors, documents: showDocuments, port: showPort, vendor: showVendor,
  accuracy: showAccuracy, modes: showModes, changes: showChanges,
};
const SEARCHED = new Set(["overview", "findings", "matrix", "errors", "documents", "accuracy"]);
const PICTURED = new Set(["value", "gradient"]);
let shownAt = "#overview";
let drawn = "";
const SORTABLE = "table.counts, table.statements, table.plain";

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

function setLanguage(name) {
  document.documentElement.lang = name;
  byId("language").textContent = name === "zh" ? "English" : "中文";
  byId("language").lang = name === "zh" ? "en" : "zh";
}

const PRESETS = {
  one: "differs:1", crash: "status:crashed,timed_out", accepted: "invalid:yes kind:wrongly_accepted", differs: "status:differs", unvalued: "status:conforms -compared:values", outside: "(ratio:>1 OR ratio:nan)",
  new: "known: -status:conforms,differs,no_equivalent,unavailable", changed: "changed:worse,lost,other,better",
};

function searchHelp(run, at) {
  const presets = Object.entries(PRESETS).filter(([name]) => name !== "changed" || run.changes);
  return [h("summary", {}, say("search.help")),
    h("p", {}, presets.map(([name, query]) => [h("a", { href: link(...(VIEWS[at.view] ? [at.view, at.parts] : ["findings", []]), query) }, say(`preset.${name}`)), " "])),
    h("p", {}, say("search.fields", { fields: [...FIELDS].join(", ") }))];
}

// Before the messages are unpacked there is only English.
function broken(problem) {
  return messages[language()] ? say("broken", { problem: problem.message }) : `This page could not start: ${problem.message}`;
}

async function start() {
  setTheme(remembered("theme"));
  setLanguage(remembered("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"));
  const run = await loadRun();
  const view = byId("view");
  const field = byId("query");

  const select = (query) => {
    byId("query-problem").textContent = "";
    if (!query.trim()) return run.verdicts;
    try {
      return run.verdicts.filter(compileQuery(query, run.names));
    } catch (problem) {
      if (!(problem instanceof QueryError)) throw problem;
      byId("query-problem").textContent = say("search.bad", { problem: problem.message });
      return [];
    }
  };

  const show = () => {
    const at = address();
    const panel = byId("panel");
    document.title = say("title");
    field.placeholder = say("search.hint");
    field.setAttribute("aria-label", say("search"));
    byId("search-help").replaceChildren(...searchHelp(run, at));
    byId("views").setAttribute("aria-label", say("nav.label"));
    byId("theme").setAttribute("aria-label", say("theme"));
    byId("missing")?.remove();
    if (at.view === "verdict") {
      const verdict = run.verdicts.find((one) => one.case.id === at.parts[0] && one.column.label === at.parts[1]);
      if (verdict) openVerdict(run, verdict, shownAt);
      else sayMissing();
      return;
    }
    if (panel.open) panel.close();
    const now = `${language()} ${location.hash}`;
    if (now === drawn) return; // a closed panel leaves what lies beneath as it was
    drawn = now;
    const name = at.view === "finding" ? "findings" : at.view === "porting" ? "port" : at.view;
    const draw = [...byId("views").children].some((item) => item.hash === `#${name}`) ? VIEWS[name] : undefined;
    byId("overview").hidden = Boolean(draw);
    view.hidden = !draw;
    byId("search").hidden = !SEARCHED.has(draw ? name : "overview");
    fill(byId("facets"), facetMenus(run, at.query, search));
    for (const item of byId("views").children) {
      if (item.hash === `#${draw ? name : "overview"}`) item.setAttribute("aria-current", "page");
      else item.removeAttribute("aria-current");
    }
    if (field.value !== at.query) field.value = at.query;
    shownAt = location.hash || "#overview";
    if (draw) draw(run, view, SEARCHED.has(name) ? select(at.query) : run.verdicts, ...at.parts);
    if (!draw) tellOne();
    for (const table of view.querySelectorAll(SORTABLE)) makeSortable(table);
    if (at.view === "finding" && !openFinding(at.parts[0])) sayMissing();
    if (!draw && at.view !== "overview" && !byId("overview").querySelector(`#${CSS.escape(at.view)}`)) sayMissing();
    if (at.view === "finding") return;
    if (!draw && byId("overview").querySelector(`#${CSS.escape(at.view)}`)) byId(at.view).scrollIntoView();
    else if (byId(`part-${at.parts.at(-1)}`)) byId(`part-${at.parts.at(-1)}`).scrollIntoView();
    else scrollTo(0, 0);
  };

  const sayMissing = () => byId("content").prepend(h("p", { id: "missing", class: "notice bad", role: "alert" }, say("missing", { address: decode(location.hash) })));

  // A query is asked where it stands; on the overview and beside a finding, of the findings.
  const search = (query) => {
    const at = address();
    const here = VIEWS[at.view] && SEARCHED.has(at.view);
    history.replaceState(null, "", link(here ? at.view : "findings", here ? at.parts : [], query));
    show();
  };

  // The overview tells one finding whole: the first that has a picture.
  const tellOne = () => {
    const finding = run.findings.find((one) => PICTURED.has(one.entries[0].kind));
    if (!finding) return;
    fill(byId("told"), h("h2", {}, say("intro.told")), toldFinding(run, finding));
  };

  let typing = 0;
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => search(field.value), 120);
  });
  byId("search").addEventListener("submit", (event) => event.preventDefault());
  byId("language").addEventListener("click", () => {
    setLanguage(language() === "zh" ? "en" : "zh");
    remember("language", language());
    show();
  });
  byId("theme").addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).getPropertyValue("--dark").trim() === "1";
    setTheme(dark ? "light" : "dark");
    remember("theme", dark ? "light" : "dark");
  });
  addEventListener("hashchange", show);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select, textarea") || byId("search").hidden) return;
    event.preventDefault();
    field.focus();
  });
  // An open finding is what the address names, so that it can be sent.
  view.addEventListener("toggle", (event) => {
    const id = /^finding-(.*)$/.exec(event.target.id)?.[1];
    if (!id || !event.target.open || !["findings", "finding"].includes(address().view)) return;
    history.replaceState(null, "", link("finding", [id], address().query));
    shownAt = location.hash;
    drawn = `${language()} ${location.hash}`;
  }, true);
  for (const table of byId("overview").querySelectorAll(SORTABLE)) makeSortable(table);
  show();
  document.documentElement.dataset.ready = "yes";
}

start().catch((problem) => {
  byId("content").prepend(h("p", { class: "notice bad" }, broken(problem)));
  throw problem;
});
