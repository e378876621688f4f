"""One story with two ends: what is common to both is lived once, then this process forks."""

import gc
import os
import pickle
import signal
import traceback
import warnings
from collections.abc import Callable
from typing import Any


class Parting:
    """Where two stories part. `is_other` in the process that lives the second one."""

    def __init__(self) -> None:
        self.is_other = False
        self._pid = 0
        self._pipe = -1

    def comes(self, make_own: Callable[[], None]) -> None:
        """Now, unless it has come already.

        The other process calls `make_own()` first of all, and this one waits until it has.
        """
        if self._pid or self.is_other:
            return
        reader, writer = os.pipe()
        with warnings.catch_warnings():  # of threads: those of pytest-xdist, which have no part in the story
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        self.is_other = not self._pid
        self._pipe = writer if self.is_other else reader
        os.close(reader if self.is_other else writer)
        if self.is_other:
            gc.disable()  # it lives for a moment
            make_own()
            os.write(writer, b"!")
        else:
            os.read(reader, 1)

    def ends(self, seen: Any) -> Any:
        """What was seen in the other one: tells it, where this is the other one, and is no more.

        The same where they never parted.
        """
        if self.is_other:
            self._tell(seen)
        if not self._pid:
            return seen
        with os.fdopen(self._pipe, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        assert status == 0, told.decode(errors="replace")
        return pickle.loads(told)

    def fails(self) -> None:
        """Either one ended in an exception, and so both are over."""
        if self.is_other:
            os.write(self._pipe, traceback.format_exc().encode())
            os._exit(1)
        if self._pid:
            os.close(self._pipe)
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)

    def _tell(self, seen: Any) -> None:
        with os.fdopen(os.dup(self._pipe), "wb") as pipe:
            pickle.dump(seen, pipe, pickle.HIGHEST_PROTOCOL)
        os._exit(0)
