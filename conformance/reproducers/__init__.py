"""A divergence as a script that a person can run, and its execution where it was observed.

- `asked`: a case as one API was asked it;
- `arrays`: the arrays that it was given, written to the last bit;
- `call`: the line of the call, and the steps around it;
- `check`: the lines that say whether the divergence is there;
- `script`: all of that as one script;
- `confirm`: executes scripts, and sees whether they show what their verdicts say.

In: a case, its expectation, its verdict. Out: Python source in the vendor's API, and whether it shows what it should.
"""
