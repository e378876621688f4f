"""What this machine has flashed lately, by fingerprint:
where a board still holds it, only a difference has to travel.
"""

import os

from host_tools.cache import cache_folder
from host_tools.device.install import OnBoard, fingerprint

_FILES_MAX = 200


def remember(files: dict[str, bytes]) -> None:
    """Keeps contents of the firmware, the newest 200.

    A cache that cannot be written costs bytes on the line, nothing else.
    """
    try:
        folder = cache_folder() / "flashed"
        folder.mkdir(parents=True, exist_ok=True)
        for content in files.values():
            path = folder / fingerprint(content).hex()
            if path.exists() and path.stat().st_size == len(content):
                os.utime(path)  # it is among the newest again
                continue
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(content)
            fresh.replace(path)
        kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in kept[:-_FILES_MAX]:
            path.unlink(missing_ok=True)
    except OSError:
        return


def recall(found: OnBoard, paths: list[str]) -> dict[str, bytes]:
    """The contents that a board holds under those paths, as far as they are known here."""
    known = {}
    for path in paths:
        try:
            content = (cache_folder() / "flashed" / found.files[path].hex()).read_bytes()
        except (OSError, KeyError):
            continue
        if fingerprint(content) == found.files[path]:
            known[path] = content
    return known
