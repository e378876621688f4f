"""Folders whose files reach no disk: what is synced there costs next to nothing,
and none of it has to outlive the test.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

_MEMORY = Path("/dev/shm")
_BYTES_MIN = 100_000_000  # else it may be that of a container, which holds little


def scratch() -> TemporaryDirectory[str]:
    """A folder in memory where the system has one with room, else on the disk;
    gone at the end of its `with`.
    """
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _BYTES_MIN
    return TemporaryDirectory(prefix="ansim-test-", dir=_MEMORY if has_room else None)
