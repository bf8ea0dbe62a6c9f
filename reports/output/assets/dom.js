// Elements and text nodes, never markup from text: h("a", {href: "#x"}, "text", child).
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return element;
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children.flat(Infinity));
  return element;
}

function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== ""));
}

// A dotted name that may be broken behind each dot.
const dotted = (name) => name.split(".").flatMap((part, place) => (place ? [".", h("wbr"), part] : [part]));

const byId = (id) => document.getElementById(id);

// The address: #view/first/second?q=query
function link(view, parts = [], query = "") {
  const path = [view, ...parts].map(encodeURIComponent).join("/");
  return `#${path}${query ? `?q=${encodeURIComponent(query)}` : ""}`;
}

function address() {
  const [path, search] = location.hash.slice(1).split(/\?(.*)/s);
  const parts = path.split("/").map(decode);
  return { view: parts[0] || "overview", parts: parts.slice(1), query: new URLSearchParams(search ?? "").get("q") ?? "" };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function announce(text) {
  byId("status").textContent = text;
}

// Settings live as long as the browser keeps them; some browsers forbid that to files.
function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The choice then lasts as long as the page is open.
  }
}
