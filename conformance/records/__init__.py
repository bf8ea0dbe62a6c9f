"""What is kept of a run: results (JSON Lines), what an earlier run has settled, known divergences and their rewriting.

- `record`: the records of a results file, each with its writing and its reading;
- `results`: the file, as it is written;
- `basis`: what a verdict came from, as digests;
- `resume`: an earlier run's file, as a run goes on with it, or asks only what has changed;
- `baseline`: known divergences, and how a verdict is held against them;
- `rebaseline`: a baseline written anew; `patterns` finds the cases of a divergence, `baseline_text` edits the lines.

In: verdicts. Out: files that `conv_reports` reads, and complaints where a verdict is not as it is known to be.
"""
