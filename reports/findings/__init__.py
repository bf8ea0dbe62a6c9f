"""Failures told once: the verdicts that failed alike, and the condition under which they do.

In: a loaded run. Out: `clusters.Finding`, each with a learnt condition and its verdicts, the simplest first.
Imports `results` alone.
"""
