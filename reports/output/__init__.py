"""What people and machines open: the HTML page, Markdown, the summary, the badge.

In: loaded runs, their findings and views. Out: text. `words` says it in the languages of languages/, `visible` makes
outside text harmless, assets/ holds templates, scripts and styles. Imports every other room.
"""
