"""`ansim flash`: the firmware onto a board."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host_tools.cli._output import json_option, print_json, say
from host_tools.cli._progress import bar
from host_tools.device.port_list import look_at
from host_tools.errors import UserError

if TYPE_CHECKING:
    from host_tools.bench.flash import Flashed
    from host_tools.boards.board_file import BoardFile


@click.command()
@click.option("--port", required=True, metavar="PATH", help="The board's serial port, such as /dev/ttyUSB0.")
@click.option(
    "--board", "board_name", metavar="NAME", help="The cabinet's board definition: refuses another chip."
)
@click.option("--debug", is_flag=True, help="With line numbers, for `ansim explain`; 3 kB more heap.")
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
@click.option(
    "--erase-chip",
    is_flag=True,
    help="First erase the whole chip and write MicroPython and the partition table, with esptool.",
)
@click.option(
    "--micropython",
    "image",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="For --erase-chip: MicroPython's .bin.",
)
@json_option
def command(
    port: str,
    board_name: str | None,
    debug: bool,
    dry_run: bool,
    erase_chip: bool,
    image: Path | None,
    as_json: bool,
) -> None:
    """Bring the firmware of this Ansim onto a board, and boot it.

    Only what changed travels. Whenever it is cut off, the board keeps its old firmware or has the new one,
    whole; run it again to go on.

    \b
    Example: ansim flash --port /dev/ttyUSB0 --board wall_12
    """
    board = None
    if board_name:
        from host_tools.boards.board_file import load_board

        board = load_board(board_name)
    if erase_chip:
        if board is None or image is None:
            raise UserError(
                "--erase-chip needs --board NAME (for chip and flash size) and --micropython FILE.", 2
            )
        _erase(port, board, image, dry_run, as_json)
        if dry_run:
            return
    elif image:
        raise UserError(
            "--micropython goes with --erase-chip: MicroPython itself is written only to an erased chip.", 2
        )
    look_at(port)
    from host_tools.bench.flash import flash  # which takes long to import: when there is a port

    with bar("flashing", shows="bytes") as progress:
        files = _files_to_debug() if debug else None
        report = flash(
            port,
            board,
            dry_run=dry_run,
            files=files,
            progress=progress,
            waiting=lambda sentence: say(sentence, err=True),
        )
    if as_json:
        print_json({"port": port, "dry_run": dry_run} | asdict(report))
    else:
        _print(report, dry_run)


def _files_to_debug() -> dict[str, bytes]:
    from host_tools.bundle.ready import ready_to_debug

    return ready_to_debug().files


def _erase(port: str, board: "BoardFile", image: Path, dry_run: bool, as_json: bool) -> None:
    from host_tools.bench.erase import erase_chip

    with bar("writing MicroPython", shows="percent") as progress:
        plan = erase_chip(
            port, board, image, dry_run=dry_run, say=lambda line: say(line, err=True), progress=progress
        )
    if dry_run and as_json:
        print_json({"port": port, "dry_run": True, "would": plan})
    elif dry_run:
        say(f"would {plan}")


def _print(report: "Flashed", dry_run: bool) -> None:
    for verb, paths in (("add", report.added), ("change", report.changed), ("remove", report.removed)):
        for path in paths if dry_run else ():
            say(f"would {verb} {path}")
    counts = (
        f"{len(report.added)} added, {len(report.changed)} changed, {len(report.removed)} removed, "
        f"{report.unchanged} unchanged"
    )
    if report.resumed:
        counts += (
            "; an earlier update that was cut off " + ("would be" if dry_run else "was") + " finished first"
        )
    moved = f"{report.bytes_sent:,} bytes sent, {report.bytes_received:,} received, {report.seconds:.1f} s"
    say(f"{report.machine}, MicroPython {report.micropython}: {counts} ({moved}).")
    if report.state == "not provisioned":
        say(report.booted)
    elif report.booted:
        say(f"The board says: {report.booted}")
