"""A divergence as a script that a person can run, and its execution where it was observed.

In: a case, its expectation, its verdict. Out: Python source in the vendor's API, and whether it shows what it should.
"""
