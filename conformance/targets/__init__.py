"""A conversation with a framework in its own interpreter: start it, bound it, send calls, take answers, end it.

In: a `Target`, and cases as calls (`protocol`). Out: observations, or how the conversation failed (`errors`).
`command_line` reads what a person names, `interpreter` owns a process, `connection` a worker in it, `wire` bounds what
it sends, `processes` finds what it started, `codec` has the forms that travel. `remote` is what runs over there.
"""
