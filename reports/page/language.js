// Our sentences, by key, in the chosen language.
let messages = {};

function language() {
  return document.documentElement.lang;
}

function say(key, values = {}) {
  return messages[language()][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function term(family, word) {
  return messages[language()][`${family}.${word}`] ?? word;
}

const count = (number) => number.toLocaleString("en-US");
