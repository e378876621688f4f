"""Where what can be made again is kept."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache of this program (XDG Base Directory Specification); it may be deleted at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ansim"
