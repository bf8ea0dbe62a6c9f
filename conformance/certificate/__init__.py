"""Is the harness right? Checks of a target's adapter and contracts, before anyone believes a verdict of it.

In: a target. Out: a `Certificate`, with what was checked of each API. Imports every room above but no records.
"""
