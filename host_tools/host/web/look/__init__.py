"""What all pages share: the design language, their words by language, and how they are rendered.

`static/tokens.css` has the values, `static/look.css` the components, `templates/parts.html` their markup,
`languages/` each word that a page shows; `/design` shows them all (`gallery.py`).
"""
