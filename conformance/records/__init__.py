"""What is kept of a run: results (JSON Lines), and what an earlier run has settled.

- `record`: the records of a results file, each with its writing and its reading;
- `results`: the file, as it is written;
- `basis`: what a verdict came from, as digests;
- `resume`: an earlier run's file, as a run goes on with it, or asks only what has changed.

In: verdicts. Out: files that `conv_reports` reads.
"""
