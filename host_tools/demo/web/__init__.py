"""`ansim demo --web`: the stage in a browser, a cabinet to click with her phone and the duty desk beside it.

`visit.py` is what there is to see, `acts.py` what a visitor does, `shown.py` how the doors are drawn,
`desk.py` the way in to the console, `pages.py` and `stream.py` answer the browser, `serving.py` runs it all.
"""
