// What each mode shows that its framework shows otherwise; those without a difference are a row of the table.
function showModes(run, view) {
  const titles = new Map(run.modes.map((mode) => [mode, h("h3", { tabindex: "-1" }, h("code", {}, mode.names[0]))]));
  const jump = (mode) => h("button", { type: "button", class: "choice", onclick: () => {
    titles.get(mode).scrollIntoView();
    titles.get(mode).focus({ preventScroll: true });
  } }, count(mode.different));
  fill(view,
    h("h2", {}, say("nav.modes")),
    h("p", { class: "note" }, say("modes.note")),
    h("div", { class: "scroll" }, h("table", { class: "plain modes" },
      h("thead", {}, h("tr", {}, ["modes.mode", "modes.cases", "modes.otherwise", "modes.seconds"].map((key) => h("th", { scope: "col" }, say(key))))),
      h("tbody", {}, run.modes.map((mode) => h("tr", {},
        h("th", { scope: "row" }, h("code", {}, mode.names[0])), h("td", {}, count(mode.cases)),
        h("td", {}, mode.different ? jump(mode) : say("modes.none")), h("td", {}, mode.seconds)))))),
    run.modes.filter((mode) => mode.different).map((mode) => [
      titles.get(mode),
      h("p", {}, say("modes.some", { different: count(mode.different), cases: count(mode.cases), beside: mode.names[1] })),
      showGroups(run, mode.groups)]));
}
