// What each mode shows that its framework shows otherwise; those without a difference are a line.
function showModes(run, view) {
  fill(view,
    h("h2", {}, say("nav.modes")),
    h("p", { class: "note" }, say("modes.note")),
    run.modes.map((mode) => [
      h("h3", {}, h("code", {}, mode.names[0])),
      h("p", {}, say(mode.different ? "modes.some" : "modes.none", {
        different: count(mode.different), cases: count(mode.cases), beside: mode.names[1], seconds: mode.seconds,
      })),
      showGroups(run, mode.groups)]));
}
