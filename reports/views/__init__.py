"""What can be asked of a loaded run: how to port, how errors are answered, what changed, which verdicts meet a query.

In: loaded runs and their findings. Out: frozen tables and predicates, without a word for the reader yet.
Imports `results` and `findings`.
"""
