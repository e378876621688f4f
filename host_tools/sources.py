"""Where the firmware and the board definitions are: inside an installed wheel,
or in the repository of an editable install.
"""

from pathlib import Path

import locker

_PACKAGE = Path(__file__).parent
_REPOSITORY = _PACKAGE.parent


def boards_folder() -> Path:
    """The folder with the board definitions and partition tables."""
    carried = _PACKAGE / "_carried" / "boards"
    return carried if carried.is_dir() else _REPOSITORY / "boards"


def carried_bundle(debug: bool) -> Path | None:
    """The firmware as it was linked and compiled when this wheel was built, or that with line numbers.

    None in the repository, where sources change.
    """
    path = _PACKAGE / "_carried" / ("firmware_debug.zip" if debug else "firmware.zip")
    return path if path.is_file() else None


def start_file(name: str) -> Path:
    """`boot.py`, `main.py` or `update.py` of the firmware."""
    carried = _PACKAGE / "_carried" / name
    return carried if carried.is_file() else _REPOSITORY / "firmware" / name


def errands_folder() -> Path:
    """The programs that a board is asked to run through its REPL, as source."""
    return _PACKAGE / "device" / "errands"


def locker_folder() -> Path:
    """The firmware's package, as source."""
    return Path(locker.__file__).parent
