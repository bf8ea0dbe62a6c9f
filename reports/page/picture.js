// Heat maps of small arrays and grids of shapes. Blue is negative, orange positive, told apart by every common colour vision;
// small maps carry their numbers.
const NUMBERED = 12;
const PLANES = 4;

function heatMap(title, rows, marks = []) {
  const most = Math.max(1e-300, ...rows.flat().map(Number).filter(Number.isFinite).map(Math.abs));
  const numbered = rows[0].length <= NUMBERED;
  const size = numbered ? 30 : Math.max(6, Math.floor(360 / rows[0].length));
  const image = svg("svg", { width: rows[0].length * size, height: rows.length * size, role: "img", "aria-label": title });
  const marked = new Map(marks.map(([i, j, name]) => [`${i} ${j}`, name]));
  const texts = [];
  rows.forEach((row, i) => row.forEach((raw, j) => {
    const value = Number(raw);
    const strength = Number.isFinite(value) ? Math.abs(value) / most : 1;
    const box = svg("rect", { x: j * size + 1, y: i * size + 1, width: size - 2, height: size - 2, class: `${shade(value, strength)} ${marked.get(`${i} ${j}`) ?? ""}` });
    box.append(svg("title", {}, `[${i}, ${j}] ${raw}`));
    image.append(box);
    if (numbered) {
      texts.push(svg("text", { x: (j + 0.5) * size, y: (i + 0.5) * size + 3.5, class: strength > 0.6 ? "strong" : "", "aria-hidden": "true" }, brief(raw)));
    }
  }));
  image.append(...texts);
  return h("figure", { class: "heat" }, h("figcaption", {}, title), image);
}

function shade(value, strength) {
  if (Number.isNaN(value)) return "nan";
  return value === 0 ? "z" : `${value < 0 ? "n" : "p"}${Math.min(5, Math.ceil(strength * 5))}`;
}

function brief(raw) {
  const value = Number(raw);
  if (!Number.isFinite(value)) return String(raw);
  const text = String(value);
  return text.length <= 5 ? text : value.toPrecision(2).replace("e+", "e");
}

const isPlane = (array) => Array.isArray(array) && Array.isArray(array[0]) && array[0].length > 0 && !Array.isArray(array[0][0]);
const depth = (array) => (Array.isArray(array) ? 1 + depth(array[0]) : 0);
const at = (array, index) => index.reduce((found, one) => found?.[one], array);

// The numbers of an argument as the layer takes them: [height, width].
function pairOf(one, name, otherwise) {
  const found = (bare(one.arguments, name).match(/-?\d+/g) ?? []).map(Number);
  return found.length === 0 ? [otherwise, otherwise] : found.length === 1 ? [found[0], found[0]] : found;
}

// Which [x, kernel] places along each axis make up an element of the output; null where we cannot tell.
function operands(one, place, arrays) {
  const mode = bare(one.arguments, "padding_mode");
  if (one.api || (mode && mode !== "'zeros'") || depth(arrays.x) < 3 || depth(arrays.weight) !== 4) return null;
  const stride = pairOf(one, "stride", 1);
  const dilation = pairOf(one, "dilation", 1);
  const text = bare(one.arguments, "padding");
  const kernel = [arrays.weight[0][0].length, arrays.weight[0][0][0].length];
  const leading = depth(arrays.x) === 4 ? arrays.x[0][0] : arrays.x[0];
  const size = [leading.length, leading[0].length];
  let before = pairOf(one, "padding", 0);
  if (before.length === 4) before = [before[0], before[2]];
  if (text === "'same'") {
    if (one.layer !== "conv2d") return null;
    before = [0, 1].map((axis) => Math.floor((dilation[axis] * (kernel[axis] - 1)) / 2));
  }
  return [0, 1].map((axis) => {
    const found = [];
    for (let k = 0; k < kernel[axis]; k += 1) {
      const reach = one.layer === "conv2d" ? place[axis] * stride[axis] - before[axis] + k * dilation[axis]
        : (place[axis] + before[axis] - k * dilation[axis]) / stride[axis];
      if (Number.isInteger(reach) && reach >= 0 && reach < size[axis]) found.push([reach, k]);
    }
    return found;
  });
}

function pictures(verdict, arrays) {
  const { case: one, worst } = verdict;
  const index = worst ? worst[0].split(",").map(Number) : [];
  const shown = [];
  const expectedDepth = depth(arrays.expected);
  const leading = index.length === expectedDepth && expectedDepth >= 2 ? index.slice(0, -2) : Array(Math.max(0, expectedDepth - 2)).fill(0);
  const place = index.length >= 2 && index.length === expectedDepth ? index.slice(-2) : null;
  const mark = place ? [[...place, "worst"]] : [];
  const label = (key, where) => (where.length ? `${say(key)} [${where.join(", ")}]` : say(key));
  const add = (key, array, where, marks) => {
    const rows = at(array, where);
    if (isPlane(rows)) shown.push(heatMap(label(key, where), rows, marks));
  };
  const taken = place && verdict.subject === "output" ? operands(one, place, arrays) : null;
  const touched = (which) => (taken ? taken[0].flatMap((row) => taken[1].map((column) => [row[which], column[which], "used"])) : []);
  const groups = pairOf(one, "groups", 1)[0];
  const channels = channelsOf(one, arrays, leading, groups);
  if (arrays.x) {
    const batch = depth(arrays.x) === 4 ? [leading[0] ?? 0] : [];
    for (const [input] of channels.slice(0, PLANES)) add("picture.x", arrays.x, [...batch, input], touched(0));
  }
  if (arrays.weight) for (const [, where] of channels.slice(0, PLANES)) add("picture.weight", arrays.weight, where, touched(1));
  add("expected", arrays.expected, leading, mark);
  add("observed", arrays.observed, leading, mark);
  const expected = at(arrays.expected, leading);
  const observed = at(arrays.observed, leading);
  const bound = at(arrays.bound, leading);
  if (isPlane(expected) && isPlane(observed) && expected.length === observed.length && expected[0].length === observed[0].length) {
    const error = observed.map((row, i) => row.map((value, j) => (value === expected[i][j] ? 0 : Number(value) - Number(expected[i][j]))));
    shown.push(heatMap(say("picture.error"), error, mark));
    if (isPlane(bound)) shown.push(heatMap(say("picture.ratio"), error.map((row, i) => row.map((value, j) => (value === 0 ? 0 : Math.abs(value) / Number(bound[i][j])))), mark));
  }
  if (!shown.length) return null;
  return h("div", {}, h("div", { class: "pictures" }, shown), taken ? terms(arrays, taken, channels, leading) : "");
}

// [input channel, place of its kernel plane in the weight] for the output channel that `leading` ends in.
function channelsOf(one, arrays, leading, groups) {
  const output = leading[leading.length - 1] ?? 0;
  const count = depth(arrays.x) === 4 ? arrays.x[0].length : arrays.x?.length ?? 0;
  const each = Math.max(1, Math.floor(count / groups));
  if (one.layer === "conv2d") {
    const perGroup = Math.max(1, Math.floor((arrays.weight?.length ?? groups) / groups));
    const group = Math.floor(output / perGroup);
    return Array.from({ length: each }, (_, i) => [group * each + i, [output, i]]);
  }
  const perGroup = arrays.weight?.[0]?.length ?? 1;
  const group = Math.floor(output / perGroup);
  return Array.from({ length: each }, (_, i) => [group * each + i, [group * each + i, output % perGroup]]);
}

const TERMS = 60;

// The products whose sum the worst element should be.
function terms(arrays, taken, channels, leading) {
  const batch = depth(arrays.x) === 4 ? [leading[0] ?? 0] : [];
  const rows = [];
  for (const [input, where] of channels) {
    for (const [i, k] of taken[0]) {
      for (const [j, l] of taken[1]) {
        rows.push([`x[${[...batch, input, i, j].join(", ")}]`, at(arrays.x, [...batch, input, i, j]), `w[${[...where, k, l].join(", ")}]`, at(arrays.weight, [...where, k, l])]);
      }
    }
  }
  const output = leading[leading.length - 1] ?? 0;
  const bias = Array.isArray(arrays.bias) ? arrays.bias.flat(Infinity)[output] : undefined;
  const sum = rows.reduce((total, [, x, , w]) => total + Number(x) * Number(w), Number(bias ?? 0));
  const told = rows.filter(([, x, , w]) => Number(x) * Number(w) !== 0);
  return h("details", {}, h("summary", {}, say("picture.operands", { count: rows.length, sum: brief(sum) })),
    h("pre", { class: "outside" }, [...told.slice(0, TERMS).map(([x, left, w, right]) => `${x} = ${left}  ×  ${w} = ${right}`),
      told.length > TERMS ? `… (+${told.length - TERMS})` : "", bias === undefined ? "" : `+ bias[${output}] = ${bias}`].filter(Boolean).join("\n")));
}

// The last two axes of two shapes, drawn to one scale.
function shapeGrids(expected, observed) {
  const shapes = [expected, observed].map((text) => /[([]\s*(\d+(?:\s*,\s*\d+)*)\s*,?\s*[)\]]/.exec(text)?.[1].split(",").map(Number));
  if (!shapes.every((shape) => shape && shape.length >= 2)) return null;
  const most = Math.max(1, ...shapes.flatMap((shape) => shape.slice(-2)));
  const size = Math.max(3, Math.min(22, Math.floor(220 / most)));
  const drawn = shapes.map((shape, which) => {
    const [height, width] = shape.slice(-2).map((n) => Math.min(n, 74));
    const [otherHeight, otherWidth] = shapes[1 - which].slice(-2);
    const title = `${say(which ? "observed" : "expected")} ${shape.join(" × ")}`;
    const image = svg("svg", { width: Math.max(1, width * size), height: Math.max(1, height * size), role: "img", "aria-label": title });
    for (let i = 0; i < height; i += 1) {
      for (let j = 0; j < width; j += 1) {
        image.append(svg("rect", { x: j * size, y: i * size, width: size - 1, height: size - 1, class: i < otherHeight && j < otherWidth ? "z" : which ? "p3" : "n3" }));
      }
    }
    return h("figure", { class: "heat" }, h("figcaption", {}, title), image);
  });
  return h("div", { class: "pictures" }, drawn);
}
