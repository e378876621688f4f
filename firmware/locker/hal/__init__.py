"""The seam between the locker and its controller: what a board must offer is written down in `seam.pyi`.

`esp32.py` is the one on the chip; the simulator has the other. Both are called `open_hal(board)`.
"""
