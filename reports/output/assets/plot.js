// Accuracy by dtype and number of terms: a picture a framework, error / bound upwards, K to the right, both logarithmic.
const PLOT = { width: 420, height: 250, left: 44, right: 10, top: 10, bottom: 30 };
const LEAST = -9; // powers of two of error / bound
const MOST = 6; // all beyond stands here
const MARKS = { // by dtype, a shape of its own: no meaning by colour alone
  float32: "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z", float64: "M-4,-4H4V4H-4Z", float16: "M0,-5L5,4H-5Z",
  bfloat16: "M0,5L5,-4H-5Z", complex64: "M0,-5L5,0L0,5L-5,0Z", complex128: "M-2,-5H2V-2H5V2H2V5H-2V2H-5V-2H-2Z",
};

// The number of products in an element of the output; of a claim's call, which has other arguments, none.
function countTerms(one) {
  if (one.api) return null;
  const channels = Number(bare(one.arguments, "in_channels"));
  const groups = Number(bare(one.arguments, "groups") || 1);
  const sizes = (bare(one.arguments, "kernel_size").match(/\d+/g) ?? []).map(Number);
  const terms = (channels / groups) * sizes[0] * (sizes[1] ?? sizes[0]);
  return terms > 0 ? terms : null;
}

// By dtype and power of two of the terms, the comparisons with an error, the worst last.
function groupErrors(verdicts) {
  const groups = new Map();
  for (const verdict of verdicts) {
    const ratio = Number(verdict.ratio.replace("inf", "Infinity"));
    const terms = countTerms(verdict.case);
    if (!(ratio > 0) || terms === null) continue;
    const dtype = bare(verdict.case.inputs, "dtype");
    const power = Math.round(Math.log2(terms));
    const key = `${dtype} ${power}`;
    if (!groups.has(key)) groups.set(key, { dtype, power, points: [] });
    groups.get(key).points.push({ ratio, verdict });
  }
  for (const group of groups.values()) group.points.sort((a, b) => a.ratio - b.ratio);
  return [...groups.values()];
}

function accuracyPlots(run, chosen) {
  const frameworks = [...new Set(run.columns.map((column) => column.framework))];
  const compared = chosen.filter((verdict) => verdict.ratio !== "");
  const plots = frameworks.map((framework) => [framework, groupErrors(compared.filter((verdict) => verdict.column.framework === framework))]).filter(([, groups]) => groups.length);
  if (!plots.length) return "";
  const powers = plots.flatMap(([, groups]) => groups.map((group) => group.power));
  const dtypes = [...new Set(plots.flatMap(([, groups]) => groups.map((group) => group.dtype)))].sort();
  return [
    h("h3", {}, say("plot.title")), h("p", { class: "note" }, say("plot.note")),
    h("div", { class: "plots" }, plots.map(([framework, groups]) => drawPlot(framework, groups, Math.min(...powers), Math.max(...powers, 1)))),
    h("p", { class: "legend" }, dtypes.map((dtype) => h("span", {}, svg("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", class: "mark", "aria-hidden": "true" }, mark(dtype, 0, 0)), ` ${dtype}`))),
  ];
}

const mark = (dtype, x, y) => svg("path", { d: MARKS[dtype] ?? MARKS.float32, transform: `translate(${x} ${y})`, class: `d-${dtype}` });

function drawPlot(framework, groups, first, last) {
  const x = (power) => PLOT.left + ((power - first) / Math.max(1, last - first)) * (PLOT.width - PLOT.left - PLOT.right - 8) + 4;
  const y = (ratio) => {
    const power = Math.min(MOST, Math.max(LEAST, Math.log2(ratio)));
    return PLOT.top + ((MOST - power) / (MOST - LEAST)) * (PLOT.height - PLOT.top - PLOT.bottom);
  };
  const picture = svg("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, width: PLOT.width, height: PLOT.height, role: "group", "aria-label": `${framework}: ${say("plot.title")}`, class: "plot" });
  for (const power of [LEAST, -6, -3, 0, 3, MOST]) {
    const at = y(2 ** power);
    picture.append(svg("line", { x1: PLOT.left, x2: PLOT.width - PLOT.right, y1: at, y2: at, class: power === 0 ? "bound" : "" }),
      svg("text", { x: PLOT.left - 5, y: at + 4, class: "end" }, power === 0 ? "1" : power === MOST ? "≥ 2⁶" : power === LEAST ? `≤ 2${superscript(LEAST)}` : `2${superscript(power)}`));
  }
  for (let power = first; power <= last; power += Math.max(1, Math.ceil((last - first) / 8))) {
    picture.append(svg("text", { x: x(power), y: PLOT.height - 12, class: "middle" }, String(2 ** power)));
  }
  picture.append(svg("text", { x: PLOT.width - PLOT.right, y: PLOT.height - 1, class: "end" }, say("plot.terms")));
  for (const { dtype, power, points } of groups) {
    const median = points[Math.floor((points.length - 1) / 2)];
    const worst = points[points.length - 1];
    for (const [point, what] of [[median, "median"], [worst, "worst"]]) {
      const said = say("plot.point", { dtype, terms: 2 ** power, what: what === "worst" ? say("plot.worst") : say("plot.median"), ratio: point.verdict.ratio, count: count(points.length) });
      const link = svg("a", { href: verdictLink(point.verdict), "aria-label": said, class: what }, svg("title", {}, said), mark(dtype, x(power), y(point.ratio)));
      picture.append(link);
    }
  }
  return h("figure", {}, h("figcaption", {}, framework), picture);
}

const superscript = (number) => [...String(number)].map((sign) => ("-0123456789".includes(sign) ? "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)] : sign)).join("");
