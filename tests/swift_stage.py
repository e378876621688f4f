"""The stage of the demonstration with commands that begin at once (tests.swift)."""

from pathlib import Path

from host_tools.demo.service import Service, surroundings, user_error
from host_tools.demo.stage import Stage
from tests import swift
from tests.system.flashed import flashed


def ansim(*arguments: object) -> str:
    """Runs one command to its end; its stdout. Raises UserError with its own sentence when it fails."""
    ended = swift.ansim(*map(str, arguments))
    if ended.returncode:
        raise user_error(arguments[0], "failed", ended.stderr or ended.stdout)
    return ended.stdout


class SwiftService(Service):
    """A command that goes on."""

    @staticmethod
    def _begun(log: Path, arguments: list[str]) -> swift.Running:
        return swift.Running(arguments, surroundings(), stderr=log)


class SwiftStage(Stage):
    """A host and one virtual cabinet, whose firmware is on its board from the beginning."""

    ansim = staticmethod(ansim)
    service = SwiftService

    def _new_cabinet(self, port: Path, *options: object) -> Service:
        flashed(port.with_name(f"{port.name}.flash"), self._board)
        return self._start("virtual", "--board", self._board, "--port", port, *options, "--json")
