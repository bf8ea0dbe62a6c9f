"""Results files, read and loaded: the one room that knows their format.

In: the paths of one or more results files. Out: frozen records (`read`), and what the files hold together as a
`loaded.LoadedRun`. `values` writes a file's argument values as a person would. Imports nothing else of the reports.
"""
