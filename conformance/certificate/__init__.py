"""Is the harness right? Checks of a target's adapter and contracts, before anyone believes a verdict of it.

- `certificates`: a run's certificates: kept ones while nothing that they rest on has changed, else new ones;
- `fingerprint`: what a certificate rests on;
- `certify`: every check of every API of a target;
- `certificate`: what comes of that;
- `checks`: one module a check;
- `layers`, `calls`, `answers`, `conversation`: what the checks ask, and how they read the answers.

In: a target. Out: a `Certificate`, with what was checked of each API. Imports every room above but no records.
"""
