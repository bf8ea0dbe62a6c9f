"""What the oracle says of a case: its arrays, and their outputs and gradients with proven bounds, or its refusal.

In: a case. Out: an `Expectation`. `inputs` makes the arrays, `expectation` asks `conv_reference` about them, `rounding`
holds numbers of every dtype in those that NumPy has. Imports `case`, `apis` and `conv_reference`.
"""
