"""A pair of wires between processes: what one of the serial lines on it says, all the others hear."""

import os
import select
import threading
import tty
from collections.abc import Sequence
from pathlib import Path
from typing import Self


class BusBridge:
    """Joins the links of virtual boards and a new port `path` for the host. Use as a context manager."""

    def __init__(self, path: Path, links: Sequence[Path]) -> None:
        near, self._far = os.openpty()
        tty.setraw(self._far)
        path.symlink_to(os.ttyname(self._far))
        self._lines = [near, *(os.open(link, os.O_RDWR | os.O_NOCTTY) for link in links)]
        self._end, self._ending = os.pipe()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._ending)
        self._thread.join()
        for line in (*self._lines, self._far, self._end):
            os.close(line)

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([*self._lines, self._end], [], [])
            if self._end in ready:
                return
            for line in ready:
                data = os.read(line, 4096)
                for other in self._lines:
                    if other != line:
                        os.write(other, data)
