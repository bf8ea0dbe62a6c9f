// Heat maps of small arrays: blue for negative, orange for positive, told apart by every common colour vision.
function heatMap(title, rows, mark) {
  const numbers = rows.flat().map(Number).filter(Number.isFinite);
  const most = Math.max(1e-300, ...numbers.map(Math.abs));
  const cell = rows[0].length > 12 ? 16 : 30;
  const numbered = cell === 30;
  const image = svg("svg", { width: rows[0].length * cell, height: rows.length * cell, role: "img", "aria-label": title });
  rows.forEach((row, i) => row.forEach((raw, j) => {
    const value = Number(raw);
    const strength = Number.isFinite(value) ? Math.abs(value) / most : 1;
    const box = svg("rect", { x: j * cell, y: i * cell, width: cell - 1, height: cell - 1, class: heatClass(value, strength) });
    if (mark && mark[0] === i && mark[1] === j) box.classList.add("worst");
    box.append(svg("title", {}, `[${i}, ${j}] ${raw}`));
    image.append(box);
    if (numbered) {
      image.append(svg("text", { x: j * cell + cell / 2 - 0.5, y: i * cell + cell / 2 + 3.5, class: strength > 0.6 ? "strong" : "" }, brief(raw)));
    }
  }));
  return h("figure", { class: "heat" }, h("figcaption", {}, title), image);
}

function heatClass(value, strength) {
  if (Number.isNaN(value)) return "nan";
  const step = Math.min(5, Math.ceil(strength * 5));
  return value === 0 ? "z" : `${value < 0 ? "n" : "p"}${step}`;
}

function brief(raw) {
  const value = Number(raw);
  if (!Number.isFinite(value)) return String(raw);
  const text = String(value);
  return text.length <= 5 ? text : value.toPrecision(2).replace("e+", "e");
}

// The plane of an array that holds the worst element: the last two axes at the leading index.
function plane(array, leading) {
  let found = array;
  for (const index of leading) found = found?.[Math.min(index, (found?.length ?? 1) - 1)];
  return found;
}

function depth(array) {
  return Array.isArray(array) ? 1 + depth(array[0]) : 0;
}

function isPlane(array) {
  return Array.isArray(array) && Array.isArray(array[0]) && !Array.isArray(array[0][0]) && array[0].length > 0;
}

function pictures(arrays, worst) {
  const index = worst ? worst[0].map(Number) : [];
  const shown = [];
  const add = (key, array, leading, mark) => {
    const rows = plane(array, leading);
    if (isPlane(rows)) shown.push(heatMap(leading.length ? `${say(key)} [${leading.join(", ")}]` : say(key), rows, mark));
  };
  const zeros = (array) => Array(Math.max(0, depth(array) - 2)).fill(0);
  const mark = index.slice(-2);
  const leading = index.length >= 2 ? index.slice(0, -2) : zeros(arrays.expected);
  if (arrays.x) add("picture.x", arrays.x, zeros(arrays.x));
  if (arrays.weight) add("picture.weight", arrays.weight, zeros(arrays.weight));
  if (arrays.expected) add("expected", arrays.expected, leading, mark);
  if (arrays.observed) add("observed", arrays.observed, leading, mark);
  const expected = plane(arrays.expected, leading);
  const observed = plane(arrays.observed, leading);
  if (isPlane(expected) && isPlane(observed) && expected.length === observed.length && expected[0].length === observed[0].length) {
    const error = observed.map((row, i) => row.map((value, j) => (value === expected[i][j] ? 0 : Number(value) - Number(expected[i][j]))));
    shown.push(heatMap(say("picture.error"), error, mark));
  }
  return shown.length ? h("div", { class: "pictures" }, shown) : null;
}
