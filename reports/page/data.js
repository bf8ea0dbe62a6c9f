// The run as the page holds it: text is an index into `strings`, words of closed sets an index into their set.
const VERDICT = ["case", "column", "outcome", "kind", "subject", "expected", "observed", "phase", "error", "message", "ratio",
  "exact", "worst", "ruling", "inferred", "call", "known", "finding", "place"];
const FAILED = new Set(["diverges", "crashed", "timed_out", "unstable"]);

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

async function loadRun() {
  const core = await unpack(byId("core").textContent);
  byId("core").remove();
  messages = core.languages;
  const text = (index) => core.strings[index];
  const columns = core.columns.map(([label, api, target, framework, version]) => ({ label, api, target, framework, version }));
  const named = (pairs) => pairs.map(([name, value]) => [text(name), text(value)]);
  const cases = core.cases.map(([spec, name, layer, line, clause, claim, invalid, args, inputs]) => ({
    id: text(name) === "" ? text(spec) : `${text(spec)}::${text(name)}`, spec: text(spec), name: text(name), layer: text(layer), line,
    clause: text(clause), claim: text(claim), invalid: invalid === 1, arguments: named(args), inputs: named(inputs), verdicts: [],
  }));
  const verdicts = core.verdicts.map((row, index) => {
    const [caseAt, column, outcome, kind, subject, expected, observed, phase, error, message, ratio, exact, worst, ruling,
      inferred, call, known, finding, place] = row;
    const verdict = {
      index, case: cases[caseAt], column: columns[column], at: column, outcome: core.outcomes[outcome], kind: core.kinds[kind] ?? "",
      subject: text(subject), expected: text(expected), observed: text(observed), phase: text(phase), error: text(error),
      message: text(message), ratio: ratio === null ? null : Number(ratio.replace("inf", "Infinity")), exact: exact === 1,
      worst: worst || null, ruling: core.rulings[ruling] ?? "", inferred: inferred === 1, call: text(call), known: text(known),
      finding: core.findings[finding] ?? null, place,
    };
    verdict.case.verdicts.push(verdict);
    return verdict;
  });
  const findings = core.findings;
  for (const finding of findings) finding.entries = finding.entries.map((index) => verdicts[index]);
  for (const one of cases) {
    one.differs = new Set(one.verdicts.filter(failed).map((verdict) => verdict.column.framework)).size;
  }
  return { columns, cases, verdicts, findings, chunk: core.chunk, chunks: document.querySelectorAll("script.chunk"), unpacked: new Map() };
}

const failed = (verdict) => FAILED.has(verdict.outcome);

// The word that says how a verdict failed.
const sort = (verdict) => (verdict.outcome === "diverges" ? verdict.kind : verdict.outcome);

// Script, arrays, stderr, what the script printed: of a failure, unpacked when asked for.
async function details(run, verdict) {
  if (verdict.place < 0) return {};
  const number = Math.floor(verdict.place / run.chunk);
  if (!run.unpacked.has(number)) run.unpacked.set(number, unpack(run.chunks[number].textContent));
  return (await run.unpacked.get(number))[verdict.place % run.chunk];
}
