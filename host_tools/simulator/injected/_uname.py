"""os.uname()."""

import sys
from collections import namedtuple

_Uname = namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))


def uname():
    """(sysname, nodename, release, version, machine)."""
    return _Uname(
        "esp32",
        "esp32",
        "%d.%d.%d" % sys.implementation.version[:3],
        sys.version,
        getattr(sys.implementation, "_machine"),  # noqa: B009 - a private name of another module
    )
