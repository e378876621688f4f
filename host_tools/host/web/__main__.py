"""The web process: `python -m host_tools.host.web`, begun by the server alone."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from host_tools.errors import UserError
from host_tools.host.notify.callbacks import Callbacks
from host_tools.host.notify.routes import Routes
from host_tools.host.parcels import taps
from host_tools.host.web.app import Pages, app
from host_tools.host.web.hooks import Hook
from host_tools.host.web.http import Listening
from host_tools.host.web.look import views
from host_tools.host.web.questions import ANSWER, Questions
from host_tools.host.web.settings import FAULT, READY, Counted, Settings

_NICENESS = 10  # whoever asks for a processor at a cabinet goes first
_LAST_S = 1.0  # for what is being answered when the server ends


def main() -> None:
    """Answers until stdin ends."""
    logging.disable(logging.CRITICAL)  # what it has to say goes through the server
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    settings = Settings.of(stdin.readline())
    os.nice(_NICENESS)

    saying = threading.Lock()

    def say(line: bytes) -> None:
        with contextlib.suppress(OSError), saying:
            stdout.write(line.rstrip(b"\n") + b"\n")
            stdout.flush()

    def tell(error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
        say(FAULT + said.encode())

    data = Path(settings.data)
    pages = Pages(
        data,
        settings.server,
        hook=_hook(data, say),
        tap=taps,
        questions=Questions(say),
        is_plain=settings.is_plain,
    )
    views.prepare()
    try:
        listening = Listening(app(pages, settings.names, tell), lambda: say(READY))
        threading.Thread(target=_obey, args=(stdin, pages, listening), name="server", daemon=True).start()
        asyncio.run(listening.serve([socket.socket(fileno=settings.descriptor)]))
    except UserError as user_error:
        say(FAULT + user_error.message.encode())
        sys.exit(user_error.exit_code)
    except Exception as error:
        tell(error)
        sys.exit(1)
    finally:
        pages.close()


def _hook(data: Path, say: Callable[[bytes], None]) -> Hook | None:
    """What takes reports of providers; None where no channel of channels.toml has a secret for them.

    A file that cannot be used by now, which the server has read before, takes no report and stops no page.
    """
    try:
        routes = Routes.of(data)
    except UserError as error:
        say(FAULT + f"no report of a provider is taken, {error.message.splitlines()[0]}".encode())
        return None
    found = Callbacks(routes) if routes is not None else None
    return found if found is not None and found.channels else None


def _obey(stdin: BinaryIO, pages: Pages, listening: Listening) -> None:
    """Hears what the server counts and answers; ends this process when the server has ended."""
    for line in stdin:
        if line.startswith(ANSWER):
            pages.questions.hear(line)
            continue
        with contextlib.suppress(ValueError, LookupError):
            pages.counted = Counted.of(line)
    listening.should_exit = True
    time.sleep(_LAST_S)
    os._exit(0)  # whatever else goes on here


if __name__ == "__main__":
    main()
