"""Where what can be made again is kept."""

import errno
import os
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache of this program (XDG Base Directory Specification); it may be deleted at any time.

    Raises FileNotFoundError for a user who has no home: there is nowhere then that is the user's alone.
    """
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(given or Path.home() / ".cache") / "ansim"
    except RuntimeError as error:
        raise FileNotFoundError(errno.ENOENT, "there is no home folder: set XDG_CACHE_HOME") from error
