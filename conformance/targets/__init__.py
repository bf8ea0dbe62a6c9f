"""A conversation with a framework in its own interpreter: start it, bound it, send calls, take answers, end it.

In: a `Target`, and cases as calls (`protocol`). Out: observations, or how the conversation failed (`errors`, which
begins with its steps).

- `command_line` reads what a person names;
- `connection` is a worker in a target;
- `interpreter` owns the process that a worker works in;
- `wire` bounds what a process sends, `processes` finds what a process has started;
- `protocol` is a call and its answer, `codec` how values and arrays are written in both;
- `sources` finds the source that travels, `remote` is what runs over there.
"""
