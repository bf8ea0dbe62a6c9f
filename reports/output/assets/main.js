// Starts the page: chooses language and theme, and shows the view that the address names.
const VIEWS = {
  findings: showFindings, matrix: showMatrix, errors: showErrors, documents: showDocuments, porting: showPorting,
  accuracy: showAccuracy, changes: showChanges,
};
const SEARCHED = new Set(["findings", "matrix", "errors", "documents", "accuracy"]);
let shownAt = "#overview";
let drawn = "";

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
    h("p", {}, presets.map(([name, query]) => [h("a", { href: link(at.view === "finding" ? "findings" : at.view, at.view === "finding" ? [] : at.parts, query) }, say(`preset.${name}`)), " "])),
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

  const names = new Set(run.cases.flatMap((one) => one.arguments.map(([name]) => name)));

  const select = (query) => {
    byId("query-problem").textContent = "";
    if (!query.trim()) return run.verdicts;
    try {
      return run.verdicts.filter(compileQuery(query, names));
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
    if (at.view === "verdict") {
      const verdict = run.verdicts.find((one) => one.case.id === at.parts[0] && one.column.label === at.parts[1]);
      if (verdict) openVerdict(run, verdict, shownAt);
      return;
    }
    if (panel.open) panel.close();
    const now = `${language()} ${location.hash}`;
    if (now === drawn) return; // a closed panel leaves what lies beneath as it was
    drawn = now;
    const name = at.view === "finding" ? "findings" : at.view;
    const draw = [...byId("views").children].some((item) => item.hash === `#${name}`) ? VIEWS[name] : undefined;
    byId("overview").hidden = Boolean(draw);
    view.hidden = !draw;
    byId("search").hidden = !SEARCHED.has(name);
    for (const item of byId("views").children) {
      if (item.hash === `#${draw ? name : "overview"}`) item.setAttribute("aria-current", "page");
      else item.removeAttribute("aria-current");
    }
    if (field.value !== at.query) field.value = at.query;
    shownAt = location.hash || "#overview";
    if (draw) draw(run, view, SEARCHED.has(name) ? select(at.query) : run.verdicts, ...at.parts);
    if (at.view === "finding") openFinding(at.parts[0]);
    else scrollTo(0, 0);
  };

  let typing = 0;
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      const at = address();
      history.replaceState(null, "", link(at.view === "finding" ? "findings" : at.view, at.view === "finding" ? [] : at.parts, field.value));
      show();
    }, 120);
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
  show();
  document.documentElement.dataset.ready = "yes";
}

start().catch((problem) => {
  byId("content").prepend(h("p", { class: "notice bad" }, broken(problem)));
  throw problem;
});
