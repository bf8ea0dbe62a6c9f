"""From an observation and an expectation to a verdict.

In: what the implementation did, what the oracle computes, what the document promises. Out: a `Verdict`. Imports
`case`, `apis` and `oracle`. No framework is special here: what a vendor's API means is in `apis`.

Where to look:

- `judge`: the one entry. Every outcome is made here: a crash, a time-out, a lacking operation, conformity, divergence;
- `canonical`: a call against the oracle, which is all that a canonical case asks;
- `claims`: each promise of a document, checked by itself;
- `ruling`: which of document, oracle and implementation stands apart, a table;
- `comparison`, `distribution`: arrays against bounds, initial values against a documented distribution;
- `evidence`, `findings`: what all of these are given and give back;
- `picture`: the small arrays that a divergence keeps; `sentences`: how things are told in one line;
- `repeat`: one verdict of several.
"""
