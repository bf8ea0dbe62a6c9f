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

// A phrase that the judge wrote into the results, or a sentence of a document, in the chosen language; any other text
// as it is.
let phrases = null;
let sentences = {};

function told(text) {
  if (language() === "en") return text;
  if (Object.hasOwn(sentences, text)) return sentences[text];
  phrases ??= Object.entries(messages.en).filter(([key]) => key.startsWith("told.")).sort(([, a], [, b]) => b.length - a.length)
    .map(([key, phrase]) => [key, new RegExp(`^${phrase.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\d\}/g, "(.+?)")}$`, "s")]);
  for (const [key, pattern] of phrases) {
    const found = pattern.exec(text.slice(0, 1000));
    if (found) return say(key, found.slice(1).map(told));
  }
  return text;
}
