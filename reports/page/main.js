// Starts the page: chooses language and theme, and shows the view that the address names.
const VIEWS = { findings: showFindings, matrix: showMatrix };
let shownAt = "#overview";

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

function setLanguage(name) {
  document.documentElement.lang = name;
  byId("language").textContent = name === "zh" ? "English" : "中文";
  byId("language").lang = name === "zh" ? "en" : "zh";
}

async function start() {
  setTheme(remembered("theme"));
  setLanguage(remembered("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"));
  const run = await loadRun();
  const view = byId("view");
  const field = byId("query");

  const select = (query) => {
    byId("query-problem").textContent = "";
    try {
      const holds = compile(run, query);
      return query.trim() ? run.verdicts.filter(holds) : run.verdicts;
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
    byId("views").setAttribute("aria-label", say("nav.label"));
    byId("theme").setAttribute("aria-label", say("theme"));
    if (at.view === "verdict") {
      const verdict = run.verdicts.find((one) => one.case.id === at.parts[0] && one.column.label === at.parts[1]);
      if (verdict) openVerdict(run, verdict, shownAt);
      return;
    }
    if (panel.open) panel.close();
    const name = at.view === "finding" ? "findings" : at.view;
    const draw = VIEWS[name];
    byId("overview").hidden = Boolean(draw);
    view.hidden = !draw;
    byId("search").hidden = !draw;
    for (const item of byId("views").children) {
      if (item.hash === `#${draw ? name : "overview"}`) item.setAttribute("aria-current", "page");
      else item.removeAttribute("aria-current");
    }
    if (field.value !== at.query) field.value = at.query;
    shownAt = location.hash || "#overview";
    if (draw) draw(run, view, select(at.query), at.parts[0]);
    if (at.view === "finding") openFinding(at.parts[0]);
    else scrollTo(0, 0);
  };

  let typing = 0;
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      const at = address();
      history.replaceState(null, "", link(at.view === "finding" ? "findings" : at.view, at.view === "matrix" ? at.parts : [], field.value));
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
  byId("content").prepend(h("p", { class: "notice bad" }, `This page could not start: ${problem.message}`));
  throw problem;
});
