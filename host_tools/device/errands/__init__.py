"""What a board is asked to run through its raw REPL: one file per errand,
each function called by name with literal arguments.

These files run on MicroPython only. Comments and docstrings are stripped before they travel.
"""
