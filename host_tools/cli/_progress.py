"""How far a long command is, drawn on stderr where that is a terminal;
elsewhere nothing is drawn, and nothing that draws is loaded.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(what: str, *, shows: str = "") -> Iterator[Callable[[int, int], None]]:
    """A bar while the block lasts: call it with how much is done and how much there is.

    `shows` is "bytes", "percent", or nothing.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn

    from host_tools.cli._tables import notices

    columns = [TextColumn("{task.description}"), BarColumn()]
    columns += (
        [DownloadColumn()] if shows == "bytes" else [TaskProgressColumn()] if shows == "percent" else []
    )
    with Progress(*columns, console=notices, transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
