"""The catalogue: the causes that are known, one entry each, and how the verdicts of a run are held against them.

- `fact`: a verdict, and the place where it was observed;
- `listed`: an entry with the places where it holds and the cases that show it;
- `catalogue`: all entries, matched with facts, their numbers checked;
- `load`: the YAML files, one a framework;
- `recount`: the numbers counted anew from a whole run; `text` edits the lines.

In: verdicts. Out: which entry explains each, and complaints where a verdict is not as it is known to be.
"""
