"""The serial ports of this computer, looked at without opening one,
and without what it takes to speak to a board.
"""

import os
import stat

from host_tools.errors import UserError

_MEMORY = 1  # major number of /dev/null and its like


def look_at(port: str) -> str:
    """The path of a serial port that is there and may be used, links followed, without opening it.

    Raises UserError.
    """
    path = os.path.realpath(port)
    try:
        found = os.stat(path)
        is_device = stat.S_ISCHR(found.st_mode) and os.major(found.st_rdev) != _MEMORY
    except OSError:
        from serial.tools import list_ports

        known = ", ".join(sorted(found.device for found in list_ports.comports())) or "none"
        raise UserError(
            f"There is no serial port {port}: check the cable and the name. Ports here: {known}.", code="port"
        ) from None
    if not is_device:
        raise UserError(
            f"{port} is not a serial port: give the name of the board's port, such as /dev/ttyUSB0.",
            2,
            code="port",
        )
    if not os.access(path, os.R_OK | os.W_OK):
        raise UserError(
            f"No permission for {port}: add yourself to the group that owns it (often `dialout`) "
            "and log in again.",
            code="port",
        )
    return path
