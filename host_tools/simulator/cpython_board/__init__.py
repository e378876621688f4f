"""The firmware on CPython: the seam over the simulated chip, and the loop that runs it in virtual time."""
