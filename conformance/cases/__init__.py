"""From YAML to cases, and what is asked of the cases as a whole: can each fail, is the space covered.

- `spec`: loads a file, and expands it;
- `kept`: loaded files, kept between runs;
- `node`: a part of a file, with all that is needed to take values from it and to refuse it;
- `expression`: the expressions in a file;
- `expansion`: `for`, `cover` and `where`;
- `parts`: arguments, inputs and promise of one case;
- `sizes`: what a call would allocate and compute;
- `naming`: names of cases and of pytest's items;
- `vacuity`, `coverage`: of all cases together.

In: spec files. Out: `Case`s, or a `SpecError` with file, line and column. Imports the rooms above, for the contracts
that claims name, the shapes that must not be allocated, and the comparison that a vacuous case passes.
"""
