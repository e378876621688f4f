"""Kinds of locks beside coils, a file each:
the one that board.json names is loaded, by boards with such locks alone.

A file has `fitted(board, bus)`, which gives the `LockDriver` (locker/hal/seam.pyi) of the cabinet: `board` is
the Board, its `locks` what board.json says of them, and `bus` the I2C bus or None. Such locks have a
controller of their own, which ends what it begins: nothing here reaches a pin of the chip.
"""
