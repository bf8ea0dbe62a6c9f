// The run as the page holds it. In the packed data every text is an index into `strings`.
const FAILED = new Set(["diverges", "crashed", "timed_out", "unstable"]);

async function unpack(text) {
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// A case of the run. Its arguments and inputs, which are most of the page's texts, become pairs when somebody asks.
class RunCase {
  #strings;
  #pairs;

  constructor([spec, name, layer, line, clause, claim, invalid, given, inputs, api, wrong], strings) {
    Object.assign(this, {
      id: `${strings[spec]}::${strings[name]}`, spec: strings[spec], name: strings[name], layer: strings[layer], line,
      clause: strings[clause], claim: strings[claim], invalid: invalid === 1, api: strings[api], wrong: strings[wrong], verdicts: [], differs: 0,
    });
    this.#strings = strings;
    this.#pairs = { given, inputs };
  }

  get arguments() {
    return this.#named("given");
  }

  get inputs() {
    return this.#named("inputs");
  }

  #named(kind) {
    this.#pairs[`${kind}Named`] ??= this.#pairs[kind].map(([name, value]) => [this.#strings[name], this.#strings[value]]);
    return this.#pairs[`${kind}Named`];
  }
}

const GIVEN = 7; // the place of a case's arguments in its row
const NOTHING = []; // the same for all that have none

async function loadRun() {
  const core = await unpack(byId("core").textContent);
  byId("core").remove();
  messages = core.languages;
  sentences = core.sentences;
  knownEntries = core.known;
  const strings = core.strings;
  const columns = core.columns.map(([label, api, target, framework, version, mode], at) => ({ label, api, target, framework, version, mode, at }));
  const cases = core.cases.map((row) => new RunCase(row, strings));
  const [one, column, outcome, kind, subject, expected, observed, phase, error, message, ratio, exact,
    worst, ruling, inferred, call, known, finding, place, manner, changed, before, confirmed,
    authority, rests, direction, compared, accident, further, topic] = core.verdicts;
  const verdicts = (one ?? []).map((number, i) => {
    const verdict = {
      index: i, case: cases[number], column: columns[column[i]], outcome: strings[outcome[i]], kind: strings[kind[i]],
      subject: strings[subject[i]], expected: strings[expected[i]], observed: strings[observed[i]], phase: strings[phase[i]],
      error: strings[error[i]], message: strings[message[i]], ratio: strings[ratio[i]], exact: exact[i] === 1,
      worst: worst[i] || null, ruling: strings[ruling[i]], inferred: inferred[i] === 1, call: strings[call[i]],
      known: strings[known[i]], finding: core.findings[finding[i]] ?? null, place: place[i], manner: strings[manner[i]],
      changed: strings[changed[i]], before: strings[before[i]], confirmed: strings[confirmed[i]],
      authority: strings[authority[i]], rests: strings[rests[i]], direction: strings[direction[i]],
      compared: strings[compared[i]], accident: accident[i] === 1, further: further[i] || NOTHING, topic: strings[topic[i]],
    };
    verdict.case.verdicts.push(verdict);
    return verdict;
  });
  for (const finding of core.findings) finding.entries = finding.entries.map((index) => verdicts[index]);
  for (const one of cases) {
    if (one.verdicts.some(failed)) one.differs = new Set(one.verdicts.filter(failed).map((verdict) => verdict.column.framework)).size;
  }
  return {
    columns, cases, verdicts, findings: core.findings, differences: core.differences, porting: core.porting, changes: core.changes, modes: core.modes,
    names: new Set(core.cases.flatMap((row) => row[GIVEN].map(([name]) => strings[name]))),
    known: core.known, chunk: core.chunk, frameworks: core.frameworks, initial: core.initial,
    statements: core.statements.map(([document, api, claim, title, section, says, unchecked, source, docstring, announced]) => ({
      document, api, claim, title, section, says, unchecked, source, docstring, announced,
    })),
    layers: [...new Set(cases.map((one) => one.layer))], chunks: document.querySelectorAll("script.chunk"), unpacked: new Map(),
  };
}

const failed = (verdict) => FAILED.has(verdict.outcome);

// The word that says what became of a verdict: the kind of a divergence, else the outcome.
const word = (verdict) => (verdict.outcome === "diverges" && verdict.kind ? verdict.kind : verdict.outcome);

// Script, arrays, stderr, what the script printed: of a failure, unpacked when asked for.
async function details(run, verdict) {
  if (verdict.place < 0) return {};
  const number = Math.floor(verdict.place / run.chunk);
  if (!run.unpacked.has(number)) run.unpacked.set(number, unpack(run.chunks[number].textContent));
  return (await run.unpacked.get(number))[verdict.place % run.chunk];
}
