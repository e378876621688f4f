"""A board without a board: the real MicroPython interpreter behind a serial port,
attached to a simulated cabinet.

`board.VirtualBoard` joins the parts: `interpreter` (the process), `console` (what its REPL and a serial port
do to each other), `pty_port`, `chip_server` (the simulated chip at the end of a socket), `control` (hands
from outside), `nvs`. docs/decisions/0040-virtual-board.md says why it is built so.
"""
