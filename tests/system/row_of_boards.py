"""Two real MicroPython boards on one RS-485 bus behind a real host."""

import json
import time
from contextlib import ExitStack

from host_tools.demo.service import Service
from host_tools.demo.stage import SITE
from host_tools.demo.story import Moment, Story
from host_tools.simulator.virtual_board.control import HandsClient
from tests.swift_stage import SwiftStage, ansim
from tests.system.bus_bridge import BusBridge

PATIENCE_S = 60
BOARD = "row_8"


class HostThatIsHeard:
    """A host whose words are kept for later too."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.lines: list[dict] = []

    def readline(self) -> str:
        line = self._service.readline()
        if line:
            self.lines.append(json.loads(line))
        return line


class RowStage(SwiftStage):
    """Two cabinets at addresses 3 and 30 of a bus, and their host; the stage's own cabinet is the first."""

    def __init__(self) -> None:
        super().__init__(BOARD, lambda sentence: None)
        self._held = ExitStack()
        self.neighbour = self.folder / "neighbour"

    def _set_up(self) -> None:
        links = {self.port: self.folder / "link3", self.neighbour: self.folder / "link30"}
        for seed, (port, link) in enumerate(links.items()):
            ready = self._new_cabinet(port, "--link", link, "--seed", seed).ready
            assert ready["link"] == str(link)
        bus = self.folder / "bus"
        self._held.enter_context(BusBridge(bus, list(links.values())))
        host = self._start("serve", "--data", self.data, "--listen", "none", "--rs485", bus, "--json")
        self.host = HostThatIsHeard(host)
        for address, port in ((3, self.port), (30, self.neighbour)):
            way = ("--serial-link", "--address", address)
            ansim("provision", "--port", port, "--board", BOARD, "--site", SITE, "--data", self.data, *way)

    def _take_down(self) -> None:
        self._held.close()
        super()._take_down()


def play() -> None:
    """A parcel's life at one cabinet and a call for help at the other;
    raises where anything goes otherwise.
    """
    moments: list[Moment] = []
    with RowStage() as stage:
        Story(moments.append).play(stage)
        with HandsClient(stage.neighbour) as hands:
            hands.ask("bell")
        until = time.monotonic() + PATIENCE_S
        while not [told for told in stage.host.lines if told["event"] == "alarm" and told["cabinet"] == 2]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert not [told for told in stage.host.lines if told["event"] == "link down"]
    assert moments[-1].what.endswith("collected")
