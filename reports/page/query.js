// The search language; reports/query.py is its twin, and tests/reports/queries.json holds both to one meaning.
//   query = all { "OR" all }      all = one { one }      one = "-" one | "(" query ")" | term
//   term = [ field ":" ] pattern { "," pattern }         pattern = word | '"' text '"' | ( ">" | ">=" | "<" | "<=" | "=" ) number
const TEXTS = ["case", "spec", "api", "column", "clause", "claim", "message", "expected", "observed", "call", "known"];
const WORDS = ["layer", "framework", "target", "version", "status", "kind", "subject", "phase", "error", "ruling", "finding", "dtype",
  "shape", "values", "layout", "exact", "inferred", "invalid"];
const NUMBERS = ["ratio", "differs", "line"];

class QueryError extends Error {}

function fieldText(verdict, field) {
  const one = verdict.case;
  switch (field) {
    case "case": return one.id;
    case "spec": case "clause": case "claim": case "layer": return one[field];
    case "invalid": return one.invalid ? "yes" : "no";
    case "api": return verdict.column.api;
    case "column": return verdict.column.label;
    case "framework": case "target": case "version": return verdict.column[field];
    case "status": return verdict.outcome;
    case "exact": case "inferred": return verdict[field] ? "yes" : "no";
    case "finding": return verdict.finding?.id ?? "";
    case "ratio": return verdict.ratio === null ? "" : String(verdict.ratio);
    case "differs": case "line": return String(one[field]);
    case "dtype": case "shape": case "values": case "layout":
      return one.inputs.find(([name]) => name === field)?.[1].replace(/^'|'$/g, "") ?? "";
    default: return verdict[field] ?? one.arguments.find(([name]) => name === field)?.[1].replace(/^'|'$/g, "") ?? "";
  }
}

function compile(run, source) {
  const known = new Set([...TEXTS, ...WORDS, ...NUMBERS]);
  for (const one of run.cases) for (const [name] of one.arguments) known.add(name);
  const tokens = source.match(/"[^"]*"?|[()]|-(?=\S)|(?:[^\s"():]+:)?(?:"[^"]*"?|[^\s"()]+)/g) ?? [];
  let at = 0;
  const either = () => {
    const parts = [all()];
    while (tokens[at] === "OR") {
      at += 1;
      parts.push(all());
    }
    return (verdict) => parts.some((part) => part(verdict));
  };
  const all = () => {
    const parts = [];
    while (at < tokens.length && tokens[at] !== ")" && tokens[at] !== "OR") parts.push(one());
    return (verdict) => parts.every((part) => part(verdict));
  };
  const one = () => {
    const token = tokens[at];
    at += 1;
    if (token === "-") {
      if (at >= tokens.length) throw new QueryError("-");
      const part = one();
      return (verdict) => !part(verdict);
    }
    if (token === "(") {
      const part = either();
      if (tokens[at] !== ")") throw new QueryError("( … )");
      at += 1;
      return part;
    }
    const [, field, rest] = /^(?:([^":]+):)?(.*)$/s.exec(token);
    if (field === undefined) {
      const matches = pattern(rest, true);
      return (verdict) => ["case", "api", "observed", "message", "call"].some((name) => matches(fieldText(verdict, name)));
    }
    if (!known.has(field)) throw new QueryError(field);
    const patterns = (rest.match(/"[^"]*"?|[^,]+/g) ?? []).map((part) => pattern(part, TEXTS.includes(field)));
    return (verdict) => {
      const text = fieldText(verdict, field);
      return patterns.some((matches) => matches(text));
    };
  };
  const result = either();
  if (at < tokens.length) throw new QueryError(tokens[at]);
  return result;
}

function pattern(source, within) {
  const comparison = /^(>=|<=|>|<|=)(-?[\d.]+(?:e[-+]?\d+)?)$/i.exec(source);
  if (comparison) {
    const limit = Number(comparison[2]);
    const holds = {
      ">": (n) => n > limit, ">=": (n) => n >= limit, "<": (n) => n < limit, "<=": (n) => n <= limit, "=": (n) => n === limit,
    }[comparison[1]];
    return (text) => (text.match(/-?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Infinity)/gi) ?? []).some((n) => holds(Number(n)));
  }
  const quoted = source.startsWith('"');
  const wanted = (quoted ? source.replace(/^"|"$/g, "") : source).toLowerCase();
  if (!quoted && /[*?]/.test(wanted)) {
    const glob = new RegExp(`^${wanted.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
    return (text) => glob.test(text.toLowerCase());
  }
  return within && !quoted ? (text) => text.toLowerCase().includes(wanted) : (text) => text.toLowerCase() === wanted;
}
