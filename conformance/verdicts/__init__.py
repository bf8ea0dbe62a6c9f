"""From an observation and an expectation to a verdict.

In: what the implementation did, what the oracle computes, what the document promises. Out: a `Verdict`.
Imports `case`, `apis` and `oracle`. No framework is special here: what a vendor's API means is in `apis`.
"""
