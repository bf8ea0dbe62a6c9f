"""From YAML to cases, and what is asked of the cases as a whole: can each fail, is the space covered.

In: spec files. Out: `Case`s, or a `SpecError` with file, line and column. Imports the rooms above, for the contracts
that claims name, the shapes that must not be allocated, and the comparison that a vacuous case passes.
"""
