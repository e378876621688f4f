"""The stage: starts a host and a virtual cabinet in a temporary folder,
flashes and provisions the board, and takes everything down again.

Everything is done with the `ansim` commands that a person would type,
so the demonstration shows nothing that they cannot do.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from host_tools.demo.service import Service, ansim

SITE = "demo"
_PAGED = "desk@ansim.example"
HERE = "127.0.0.1"  # where pages are answered, to browsers of this machine alone


class Stage:
    """A host and one virtual cabinet, ready for a courier.

    Use it as a context manager; nothing is left behind.

    `tell(sentence)` hears what is being set up.
    `serial` joins the two by the board's second UART instead of TCP; `pages` has the host answer browsers
    of this machine; letters and a new cabinet's screen are in `language`.
    """

    #: How a command runs to its end, and how one that serves begins.
    ansim: Callable[..., str] = staticmethod(ansim)
    service: type[Service] = Service

    def __init__(
        self,
        board: str,
        tell: Callable[[str], None],
        *,
        serial: bool = False,
        pages: bool = False,
        language: str = "",
    ) -> None:
        self._board = board
        self._tell = tell
        self._serial = serial
        self._pages = ("--web", f"{HERE}:0", "--web-name", HERE) if pages else ()
        self._language = language
        self._services: list[Service] = []
        self.folder = Path(tempfile.mkdtemp(prefix="ansim-"))
        self.data = self.folder / "host"
        self.port = self.folder / "board"
        self.host: Service
        self.cabinet: Service

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._take_down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._take_down()

    def _start(self, *arguments: object) -> Service:
        service = self.service(self.folder / f"{arguments[0]}.log", *arguments)
        self._services.append(service)
        return service

    def _new_cabinet(self, port: Path, *options: object) -> Service:
        """A virtual board with the firmware on it."""
        self._tell(f"a virtual {self._board} is powered on")
        cabinet = self._start("virtual", "--board", self._board, "--port", port, *options, "--json")
        self._tell("the firmware is compiled and flashed")
        self.ansim("flash", "--port", port, "--board", self._board)
        return cabinet

    def _set_up(self) -> None:
        link = self.folder / "link"
        self.cabinet = self._new_cabinet(self.port, *(["--link", link] if self._serial else []))
        self._tell("the host is started")
        listen = ["--serial", link] if self._serial else ["--listen", "127.0.0.1:0"]
        self.host = self._start("serve", "--data", self.data, *listen, *self._pages, "--json")
        self._tell("the board gets its identity, its keys and the way to the host")
        way = (
            ["--serial-link"]
            if self._serial
            else ["--host", f"{self.host.ready['address']}:{self.host.ready['port']}"]
        )
        spoken = ["--language", self._language] if self._language else []
        here = ["--port", self.port, "--board", self._board, "--site", SITE, "--data", self.data]
        self.ansim("provision", *here, *way, *spoken)
        if self._language:
            self.ansim("site", "set", "--site", SITE, "--language", self._language, "--data", self.data)

    def _take_down(self) -> None:
        for service in reversed(self._services):
            service.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def messages(self) -> list[dict[str, Any]]:
        """What the host has sent, to residents and to staff."""
        path = self.data / "messages.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def new_resident(self, name: str, contact: str = "") -> None:
        """Enrols a resident."""
        reached = ["--contact", contact] if contact else []
        self.ansim("resident", "add", name, *reached, "--data", self.data)

    def new_ticket(self, resident: str) -> str:
        """The 9 digits that entitle a courier to deposit for a resident."""
        return json.loads(
            self.ansim("ticket", "new", "--data", self.data, "--site", SITE, "--resident", resident, "--json")
        )["ticket"]

    def new_account(self, name: str, os_user: str) -> str:
        """An account of somebody on duty, on call from now on, who gives the commands of that user too; the
        token with which it sets a password.
        """
        roles = ("--role", "operator", "--role", "dispatcher", "--os-user", os_user, "--contact", _PAGED)
        made = json.loads(self.ansim("account", "add", name, *roles, "--data", self.data, "--json"))
        self.ansim("oncall", "set", name, "--data", self.data)
        return made["token"]

    def take_case(self, case: int) -> None:
        """Whoever is on duty takes a call: nobody else is told, and the cabinet's screen says so."""
        self.ansim("case", "take", case, "--data", self.data)

    def answer_bell(self) -> None:
        """A dispatcher has seen whoever rang last."""
        self.ansim("bell", "ack", "--data", self.data, "--site", SITE, "--cabinet", 1)

    def parcels(self) -> list[dict[str, Any]]:
        """The parcels in the ledger."""
        return json.loads(self.ansim("parcel", "list", "--data", self.data, "--json"))
