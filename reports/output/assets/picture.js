// Heat maps of small arrays and grids of shapes. Blue is negative, orange positive, told apart by every common colour vision;
// small maps carry their numbers.
const NUMBERED = 12;
const PLANES = 4;

function heatMap(title, rows, marks = [], shadeOf = signed(rows)) {
  const numbered = rows[0].length <= NUMBERED;
  const unit = shadeOf === againstBound ? 1 : unitOf(rows);
  const size = numbered ? 34 : Math.max(6, Math.floor(360 / rows[0].length));
  const image = svg("svg", { width: rows[0].length * size, height: rows.length * size, role: "img", "aria-label": title });
  const marked = new Map(marks.map(([i, j, name]) => [`${i} ${j}`, name]));
  const texts = [];
  rows.forEach((row, i) => row.forEach((raw, j) => {
    const shade = shadeOf(number(raw));
    const box = svg("rect", { x: j * size + 1, y: i * size + 1, width: size - 2, height: size - 2, class: `${shade} ${marked.get(`${i} ${j}`) ?? ""}` });
    box.append(svg("title", {}, `[${i}, ${j}] ${raw}`));
    image.append(box);
    if (numbered) {
      texts.push(svg("text", { x: (j + 0.5) * size, y: (i + 0.5) * size + 3.5, class: STRONG.has(shade) ? "strong" : "", "aria-hidden": "true" }, brief(number(raw) / unit)));
    }
  }));
  image.append(...texts);
  return h("figure", { class: "heat" }, h("figcaption", {}, title, numbered && unit !== 1 ? ` × ${unit.toExponential()}` : ""), image);
}

const STRONG = new Set(["n4", "n5", "p4", "p5", "nan"]);

// A number of a results file, which says in words what JSON lacks.
const number = (raw) => (raw === "inf" ? Infinity : raw === "-inf" ? -Infinity : Number(raw));

// The power of ten that numbers too small or too large for their boxes are told in.
function unitOf(rows) {
  const exponent = Math.floor(Math.log10(largest(rows)));
  return exponent < -2 || exponent > 3 ? Number(`1e${exponent}`) : 1;
}

const largest = (rows) => rows.flat().map(number).filter(Number.isFinite).map(Math.abs).reduce((most, one) => Math.max(most, one), 0) || 1;

// The larger the stronger, blue below zero and orange above.
function signed(rows) {
  const most = largest(rows);
  return (value) => {
    if (Number.isNaN(value)) return "nan";
    return value === 0 ? "z" : `${value < 0 ? "n" : "p"}${Math.min(5, Math.ceil((Math.abs(value) / most) * 5))}`;
  };
}

// Blue within the bound, orange outside it.
const againstBound = (ratio) => (ratio === 0 ? "z" : ratio <= 1 ? `n${Math.ceil(ratio * 3)}` : "p5");

function brief(raw) {
  const value = number(raw);
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "∞";
  const text = String(value);
  return text.length <= 4 ? text : shortest(value);
}

// At most five characters where that is possible: .0312, 12.5, 2e4.
function shortest(value) {
  const told = [3, 2, 1].map((digits) => String(Number(value.toPrecision(digits))).replace("e+", "e").replace(/^(-?)0\./, "$1."));
  return told.find((text) => text.length <= 5) ?? value.toExponential(0).replace("e+", "e");
}

const isPlane = (array) => Array.isArray(array) && Array.isArray(array[0]) && array[0].length > 0 && !Array.isArray(array[0][0]);
const depth = (array) => (Array.isArray(array) ? 1 + depth(array[0]) : 0);
const at = (array, index) => index.reduce((found, one) => found?.[one], array);
const range = (length) => Array.from({ length }, (_, i) => i);

// The numbers of an argument as the layer takes them: [height, width].
function pairOf(one, name, otherwise) {
  const found = (bare(one.arguments, name).match(/-?\d+/g) ?? []).map(Number);
  return found.length === 0 ? [otherwise, otherwise] : found.length === 1 ? [found[0], found[0]] : found;
}

// Whose products make up an element of a subject, and which of the three places of a product the element itself fixes.
const OPERANDS = { output: ["x", "weight", "out"], grad_input: ["grad_output", "weight", "x"], grad_weight: ["x", "grad_output", "weight"] };

// The products whose sum an element is, as [array, index, array, index]; null where we cannot tell, as of a claim's case,
// whose arguments are the vendor's own.
function products(one, subject, index, arrays) {
  const out = subject === "output" ? arrays.expected : arrays.grad_output;
  if (one.api || !OPERANDS[subject] || depth(arrays.x) < 3 || depth(arrays.weight) !== 4 || depth(out) !== depth(arrays.x)) return null;
  const [left, right, fixed] = OPERANDS[subject];
  const batched = depth(arrays.x) === 4;
  const image = (array) => (batched ? array[0] : array);
  const batches = !batched ? [[]] : fixed === "weight" ? arrays.x.map((_, n) => [n]) : [[index[0]]];
  const last = index.slice(-2);
  const [rows, columns] = [0, 1].map((axis) => places(one, axis, ...[image(arrays.x)[0], image(out)[0], arrays.weight[0][0]].map((plane) => (axis ? plane[0] : plane).length))
    .filter((place) => place[fixed] === last[axis]));
  const channels = channelsOf(one, image(arrays.x).length, arrays.weight)
    .filter((place) => (fixed === "weight" ? place.weight.join() === index.slice(0, 2).join() : place[fixed] === index[index.length - 3]));
  const found = [];
  for (const batch of batches) {
    for (const channel of channels) {
      for (const row of rows) {
        for (const column of columns) {
          const where = (which) => (which === "weight" ? [...channel.weight, row.weight, column.weight] : [...batch, channel[which], row[which], column[which]]);
          found.push([left, where(left === "x" ? "x" : "out"), right, where(right === "weight" ? "weight" : "out")]);
        }
      }
    }
  }
  return found;
}

// Along one axis, which places of input, output and kernel meet. A transposed layer is the same with input and output exchanged.
function places(one, axis, x, out, kernel) {
  const [stride, dilation] = [pairOf(one, "stride", 1)[axis], pairOf(one, "dilation", 1)[axis]];
  const [wide, narrow] = one.layer === "conv2d" ? [x, out] : [out, x];
  const given = pairOf(one, "padding", 0);
  const before = bare(one.arguments, "padding") === "'same'"
    ? Math.floor(Math.max((narrow - 1) * stride + dilation * (kernel - 1) + 1 - wide, 0) / 2)
    : given[given.length === 4 ? 2 * axis : axis];
  return range(narrow).flatMap((from) => range(kernel).map((weight) => {
    const to = beyond(from * stride - before + weight * dilation, wide, bare(one.arguments, "padding_mode"));
    return one.layer === "conv2d" ? { x: to, out: from, weight } : { x: from, out: to, weight };
  })).filter((place) => place.x !== null && place.out !== null);
}

// The element that a place beyond the edge stands for.
function beyond(place, size, mode) {
  if (place >= 0 && place < size) return place;
  if (mode === "'replicate'") return place < 0 ? 0 : size - 1;
  if (mode === "'circular'") return ((place % size) + size) % size;
  if (mode === "'reflect'") return place < 0 ? -place : 2 * (size - 1) - place;
  return null;
}

// Which channels of input and output meet, and in which planes of the weight.
function channelsOf(one, count, weight) {
  const groups = pairOf(one, "groups", 1)[0];
  const each = Math.max(1, Math.floor(count / groups));
  if (one.layer === "conv2d") {
    const perGroup = Math.max(1, Math.floor(weight.length / groups));
    return range(weight.length).flatMap((out) => range(each).map((i) => ({ out, x: Math.floor(out / perGroup) * each + i, weight: [out, i] })));
  }
  const perGroup = weight[0].length;
  return range(count).flatMap((x) => range(perGroup).map((i) => ({ out: Math.floor(x / each) * perGroup + i, x, weight: [x, i] })));
}

const PICTURE = { x: "picture.x", weight: "picture.weight", grad_output: "picture.grad_output" };

function pictures(verdict, arrays) {
  const { case: one, worst } = verdict;
  const ends = depth(arrays.expected);
  const told = worst ? worst[0].split(",").map(Number) : [];
  const index = told.length === ends ? told : null;
  const leading = index ? index.slice(0, -2) : Array(Math.max(0, ends - 2)).fill(0);
  const mark = index ? [[...(ends === 1 ? [0] : []), ...index.slice(-2), "worst"]] : [];
  const shown = [];
  const add = (key, array, where, marks) => {
    const rows = plane(array, where);
    if (rows) shown.push(heatMap(where.length ? `${say(key)} [${where.join(", ")}]` : say(key), rows, marks));
  };
  const sum = index ? products(one, verdict.subject, index, arrays) : null;
  const names = OPERANDS[verdict.subject]?.slice(0, 2) ?? (verdict.subject === "grad_bias" ? ["grad_output"] : ["x", "weight"]);
  for (const [place, name] of names.entries()) {
    const first = arrays[name] ? Array(depth(arrays[name]) - 2).fill(0) : [];
    const used = new Map(sum?.length ? [] : [[first.join(), []]]);
    for (const term of sum ?? []) {
      const [where, within] = [term[2 * place + 1].slice(0, -2).join(), term[2 * place + 1].slice(-2)];
      used.set(where, [...(used.get(where) ?? []), [...within, "used"]]);
    }
    for (const [where, marks] of [...used].slice(0, PLANES)) add(PICTURE[name], arrays[name], where.split(",").filter(Boolean).map(Number), marks);
  }
  add("expected", arrays.expected, leading, mark);
  add("observed", arrays.observed, leading, mark);
  const [expected, observed, bound] = [arrays.expected, arrays.observed, arrays.bound].map((array) => plane(array, leading));
  if (expected && observed && expected.length === observed.length && expected[0].length === observed[0].length) {
    const error = observed.map((row, i) => row.map((value, j) => (value === expected[i][j] ? 0 : number(value) - number(expected[i][j]))));
    const exact = bound?.flat().every((one) => one === 0);
    shown.push(heatMap(say(exact ? "picture.exact" : "picture.error"), error, mark));
    if (bound && !exact) shown.push(heatMap(say("picture.ratio"), error.map((row, i) => row.map((value, j) => ratio(value, number(bound[i][j])))), mark, againstBound));
  }
  if (!shown.length) return null;
  return h("div", {}, h("div", { class: "pictures" }, shown), sum ? terms(verdict.subject, sum, index, arrays) : "");
}

// The last two axes of an array at a place of the others; null where there is nothing to draw.
function plane(array, where) {
  const found = at(array, where);
  const rows = depth(found) === 1 && !where.length ? [found] : found;
  return isPlane(rows) ? rows : null;
}

function ratio(error, bound) {
  if (error === 0 || bound === Infinity) return 0;
  return Number.isNaN(error) ? Infinity : Math.abs(error) / bound;
}

const TERMS = 60;
const SHORT = { weight: "w" };

// The products whose sum the worst element should be.
function terms(subject, sum, index, arrays) {
  const rows = sum.map(([left, i, right, j]) => [left, i, number(at(arrays[left], i)), right, j, number(at(arrays[right], j))]);
  const channel = index[index.length - 3];
  const bias = subject === "output" && Array.isArray(arrays.bias) ? number(arrays.bias[channel]) : undefined;
  const total = rows.reduce((so, [, , x, , , w]) => so + x * w, bias ?? 0);
  const told = rows.filter(([, , x, , , w]) => x * w !== 0);
  const name = (array, where) => `${SHORT[array] ?? array}[${where.join(", ")}]`;
  return h("details", { open: told.length <= NUMBERED }, h("summary", {}, say(rows.length ? "picture.operands" : "picture.alone", { count: count(rows.length), sum: String(Number(total.toPrecision(12))) })),
    h("pre", { class: "outside" }, [...told.slice(0, TERMS).map(([left, i, x, right, j, w]) => `${name(left, i)} = ${x}  ×  ${name(right, j)} = ${w}`),
      told.length > TERMS ? `… (+${told.length - TERMS})` : "", bias === undefined ? "" : `+ bias[${channel}] = ${bias}`].filter(Boolean).join("\n")));
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
