"""The cabinet without the cabinet: one world of physics behind the same seam as the real hardware.

`World` (world.py) builds everything from a board definition; `Chip` is the edge that firmware touches,
`Hands` the edge that people touch. One event queue, one clock (real or virtual), one seed: the same seed and
the same acts give the same world to the microsecond.
"""
