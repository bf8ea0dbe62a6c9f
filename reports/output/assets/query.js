// The search language; reports/views/query.py says what it means and is its twin: tests/reports/views/queries.json holds both to that.
const TEXTS = ["case", "spec", "api", "column", "clause", "claim", "message", "expected", "observed", "call", "known"];
const WORDS = ["layer", "framework", "target", "version", "mode", "status", "kind", "subject", "phase", "error", "ruling", "authority", "direction",
  "severity", "explained", "wrong", "accident", "finding", "changed",
  "dtype", "shape", "values", "layout", "exact", "inferred", "invalid", "confirmed", "ratio", "differs", "line"];
const LISTS = ["compared", "topic"]; // one word of it is matched at a time
const FIELDS = new Set([...TEXTS, ...WORDS, ...LISTS]);
const ANYWHERE = ["case", "api", "observed", "message", "call"];
const COMPARE = {
  ">": (n, limit) => n > limit, ">=": (n, limit) => n >= limit, "<": (n, limit) => n < limit, "<=": (n, limit) => n <= limit,
  "=": (n, limit) => n === limit,
};

let knownEntries = {}; // by id, what the catalogue says

class QueryError extends Error {}

const yes = (value) => (value ? "yes" : "no");
const bare = (pairs, name) => pairs.find(([one]) => one === name)?.[1] ?? "";

function fact(verdict, field) {
  const one = verdict.case;
  switch (field) {
    case "case": return one.id;
    case "spec": case "layer": case "clause": case "claim": case "wrong": return one[field];
    case "line": case "differs": return String(one[field]);
    case "invalid": return yes(one.invalid);
    case "api": return verdict.column.api;
    case "column": return verdict.column.label;
    case "framework": case "version": case "target": case "mode": return verdict.column[field];
    case "status": return verdict.outcome;
    case "exact": case "inferred": case "accident": return yes(verdict[field]);
    case "finding": return verdict.finding?.id ?? "";
    case "severity": return knownEntries[verdict.known]?.severity ?? "";
    case "explained": return verdict.known || failed(verdict) ? yes(verdict.known) : "";
    case "dtype": case "shape": case "values": case "layout": return bare(one.inputs, field);
    default: return FIELDS.has(field) ? verdict[field] : bare(one.arguments, field).replace(/^'([^']*)'$/, "$1");
  }
}

function compileQuery(text, names) {
  const tokens = (text.match(/[()]|-(?=\S)|(?:"[^"]*"?|[^\s"()])+/g) ?? []).reverse();
  const next = () => tokens[tokens.length - 1];
  const either = () => {
    const parts = [all()];
    while (next() === "OR") {
      tokens.pop();
      parts.push(all());
    }
    return (verdict) => parts.some((part) => part(verdict));
  };
  const all = () => {
    const parts = [];
    while (tokens.length && next() !== ")" && next() !== "OR") parts.push(one());
    return (verdict) => parts.every((part) => part(verdict));
  };
  const one = () => {
    if (!tokens.length) throw new QueryError("-");
    const token = tokens.pop();
    if (token === "-") {
      const part = one();
      return (verdict) => !part(verdict);
    }
    if (token === "(") {
      const inner = either();
      if (tokens.pop() !== ")") throw new QueryError("( )");
      return inner;
    }
    if (token === ")") throw new QueryError("( )");
    const term = /^([A-Za-z_][A-Za-z0-9_]*):(?!:)(.*)$/s.exec(token);
    if (!term) {
      const matches = pattern(token, true);
      return (verdict) => ANYWHERE.some((name) => matches(fact(verdict, name)));
    }
    const [, field, rest] = term;
    if (!FIELDS.has(field) && !names.has(field)) throw new QueryError(`${field}:`);
    const patterns = (rest.match(/"[^"]*"?|[^,]+/g) ?? [""]).map((part) => pattern(part, rest !== "" && TEXTS.includes(field)));
    return (verdict) => {
      const value = fact(verdict, field);
      const items = LISTS.includes(field) ? value.split(", ") : [value];
      return items.some((item) => patterns.some((matches) => matches(item)));
    };
  };
  const holds = either();
  if (tokens.length) throw new QueryError("( )");
  return holds;
}

function pattern(text, part) {
  const comparison = /^(>=|<=|>|<|=)(-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)$/i.exec(text);
  if (comparison) {
    const compare = COMPARE[comparison[1]];
    const limit = Number(comparison[2]);
    const number = (found) => Number(found.toLowerCase().replace("inf", "Infinity"));
    return (value) => (value.match(/-?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|inf)/gi) ?? []).some((found) => compare(number(found), limit));
  }
  const quoted = text.startsWith('"');
  const wanted = (quoted ? text.slice(1).replace(/"$/, "") : text).toLowerCase();
  if (!quoted && /[*?]/.test(wanted)) {
    const source = wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", ".*").replaceAll("\\?", ".");
    const glob = new RegExp(`^${source}$`, "s");
    return (value) => glob.test(value.toLowerCase());
  }
  return part && !quoted ? (value) => value.toLowerCase().includes(wanted) : (value) => value.toLowerCase() === wanted;
}
