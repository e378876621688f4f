"""Finishes an update: the one place where files of the firmware are replaced.

A set is old or new as a whole, never a mixture.

`ansim flash` and `ansim provision` stage each file under /next, verify it there, and rename
/next/manifest.new to /next/manifest last: from then on the update is decided. Whoever calls this carries it
to its end: the tool, or boot.py after a power cut. Every step is one atomic rename or remove of LittleFS, and
may be said again.

A line of the manifest is `+ PATH ...` (the file staged under the number of its
line moves to PATH) or `- PATH` (goes away).
"""

import errno
import os


def _once(action, *paths) -> None:
    """Does a step, unless an earlier run has done it already."""
    try:
        action(*paths)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EEXIST):
            raise


def finish_update() -> bool:
    """Installs what is staged and decided; False when there is nothing.

    Raises OSError when the file system fails; calling again is safe.
    """
    try:
        with open("/next/manifest") as file:
            lines = file.read().split("\n")
    except OSError:
        return False
    for number, line in enumerate(lines):
        if line.startswith("- "):
            _once(os.remove, line[2:])
        elif line.startswith("+ "):
            path = line.split(" ")[1]
            for end in range(1, len(path)):
                if path[end] == "/":
                    _once(os.mkdir, path[:end])
            _once(os.rename, "/next/%d" % number, path)
    for name in os.listdir("/next"):
        if name != "manifest":
            os.remove("/next/" + name)
    os.remove("/next/manifest")
    os.rmdir("/next")
    return True
