"""Serves the page of a stage to browsers of this machine until Ctrl-C."""

import asyncio
import contextlib
import logging
import socket
import traceback
from collections.abc import Callable
from pathlib import Path

from host_tools.demo.stage import HERE, Stage
from host_tools.demo.watch import Watch
from host_tools.demo.web.desk import Desk
from host_tools.demo.web.pages import Pages, app
from host_tools.demo.web.stream import Streams
from host_tools.demo.web.visit import Visit
from host_tools.errors import UserError
from host_tools.host.web.http import Listening

RESIDENTS = {"ko": "민지"}
RESIDENT = "Minji"
_CONTACT = "minji@ansim.example"  # letters go into a file of the stage, and nowhere else


def bound(port: int) -> socket.socket:
    """Where the page is answered, on this machine alone; 0: any free port. Raises UserError."""
    try:
        return socket.create_server((HERE, port))
    except OSError as error:
        raise UserError(
            f"The page cannot be answered at port {port} of this machine ({(error.strerror or '').lower()}): "
            "end the other program, or name another port, such as --web 0 for any free one."
        ) from error


def serve(
    stage: Stage,
    listening: socket.socket,
    board: str,
    os_user: str,
    language: str,
    ready: Callable[[str], None],
    tell: Callable[[str], None],
    *,
    serial: bool,
) -> None:
    """Serves; `ready` hears the address, `tell` what is set up and what goes wrong. Raises UserError."""
    logging.disable(logging.CRITICAL)
    resident = RESIDENTS.get(language, RESIDENT)
    tell(f"{resident} moves in, and somebody takes the duty desk")
    stage.new_resident(resident, _CONTACT)
    stir: list[Callable[[], None]] = []

    def changed() -> None:
        for one in stir:
            one()

    watch = Watch(stage, changed)
    watch.until(lambda: watch.has_heard("web listening") and watch.has_heard("booted"), "is online")
    told = next(told for told in watch.heard if told["event"] == "web listening")
    with contextlib.ExitStack() as held:
        desk = Desk(stage, f"http://{HERE}:{told['port']}", os_user)
        held.callback(desk.close)
        visit = Visit(stage, watch, resident, board, can_be_away=serial)
        held.callback(visit.close)
        pages = Pages(visit, desk, language)
        held.callback(pages.close)
        streams = Streams(pages)
        pages.stir = streams.stir
        stir.append(streams.stir)

        def fault(error: Exception) -> None:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}, line {place.lineno}"
            tell(f"fault in the page: {type(error).__name__} in {where}")

        address = f"http://{HERE}:{listening.getsockname()[1]}/"
        page = Listening(app(pages, streams.answer, fault), lambda: ready(address))
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(page.serve([listening]))
