"""A divergence as a script that a person can run, and its execution where it was observed.

- `asked`: a case as one API was asked it;
- `arrays`: the arrays that it was given, written to the last bit;
- `call`: the line of the call, and the steps around it;
- `check`: the lines that end in an assertion of what should be;
- `script`: all of that as one script;
- `shrink`: the smallest case that shows the same;
- `confirm`: executes scripts, tells how they ended, and whether that is what their verdicts say.

In: a case, its expectation, its verdict. Out: Python source in the vendor's API, and whether it shows what it should.
"""
