"""What is kept of a run: results (JSON Lines), what an earlier run has settled, known divergences and their rewriting.

In: verdicts. Out: files that `conv_reports` reads, and complaints where a verdict is not as it is known to be.
"""
