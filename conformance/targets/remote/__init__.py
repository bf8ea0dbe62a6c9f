"""What runs in a target's interpreter. Its source travels over execnet; nothing is installed there.

CPython 3.8 and later; standard library and NumPy, and in `adapters` the one framework; nothing of the host's.
"""
