"""`ansim test`: is this cabinet fit for service?"""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host_tools.cli._output import dry_run_option, json_option, print_json, say
from host_tools.device.port_list import look_at
from host_tools.errors import NO_ROOM, UserError

if TYPE_CHECKING:
    from host_tools.bench.report import BenchReport, Phase


@click.command()
@click.option("--port", required=True, metavar="PATH", help="The board's serial port, such as /dev/ttyUSB0.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the report there, as JSON.",
)
@click.option(
    "--patience",
    type=click.IntRange(1, 500),
    default=60,
    show_default=True,
    metavar="S",
    help="Seconds to wait for each act.",
)
@click.option(
    "--attended/--unattended",
    default=None,
    help="Somebody is there to act, look and listen; or nobody. Default: "
    "to act, and at a terminal to look and listen too.",
)
@dry_run_option
@json_option
def command(
    port: str, report: Path | None, patience: int, attended: bool | None, dry_run: bool, as_json: bool
) -> None:
    """Test a provisioned cabinet with its own firmware: each part that its board file names, from supply and
    expanders to every coil, contact, sensor and key, lamp, beeper, bell, tamper loop and serial link.

    A person (or `ansim hands`) does what the lines on stderr say. A door that holds something is not opened
    on purpose; where swapped plugs open one with a parcel, the test stops and says so. What needs a hand, an
    eye or an ear that is not there is listed as not tried. Ends with 1 unless all that was tried passes. With
    --dry-run the board is asked who it is and what would be tried is listed; nothing moves.

    \b
    Example: ansim test --port /dev/ttyUSB0 --report wall-07.json
             ansim test --port /dev/ttyUSB0 --unattended --json
    """
    if report:
        report = _place_for(report)
    look_at(port)
    # Which takes long to import: when there is a port.
    from host_tools.bench.commission import INTERRUPTED, PASS, bench_test

    result = bench_test(
        port,
        say=lambda text: say(f"> {text}", err=True),
        done=lambda phase: _tell(phase, as_json),
        patience_s=patience,
        hands=attended is not False,
        senses=sys.stdin.isatty() if attended is None else attended,
        dry_run=dry_run,
    )
    trouble = _file(result, report) if report and not dry_run else None
    if as_json:
        more = {"dry_run": True} if dry_run else {"error": trouble.as_json()} if trouble else {}
        print_json(result.as_json() | more)
    else:
        for part in result.not_tried:
            say(f"not tried: {part}")
        for sentence in _open_doors(result):
            say(sentence)
        outcome = "nothing was tried" if dry_run else result.outcome
        say(
            f"{outcome}: {result.board}, chip {result.uid}"
            + (f", report in {report}" if report and not dry_run and not trouble else "")
        )
    if result.cut_off:
        say(f"ansim: {result.cut_off}", err=True)
    if trouble:
        say(f"ansim: {trouble}", err=True)
    if result.cut_off == INTERRUPTED:
        sys.exit(130)
    if trouble or (result.outcome != PASS and not dry_run):
        sys.exit(1)


def _open_doors(result: "BenchReport") -> list[str]:
    """What a person has to shut, what may harm somebody last."""
    said = []
    for doors, sentence in (
        (
            result.perhaps_open,
            "Doors that may stand open, for nobody saw them move: {}. Look, and shut them.",
        ),
        (result.left_open, "Doors that stand open: {}. Shut them before the cabinet goes into service."),
        (result.exposed, "DOORS THAT STAND OPEN WITH A PARCEL BEHIND THEM: {}. Shut them now."),
    ):
        if doors:
            said.append(sentence.format(", ".join(f"{door:02}" for door in doors)))
    return said


def _tell(phase: "Phase", as_json: bool) -> None:
    """One line a phase; under it each measurement that did not pass,
    and each part that is wrong with what to do.
    """
    note = f" ({phase.note})" if phase.note else ""
    say(f"{phase.outcome:5} {phase.name}{note}", err=as_json)
    for one in phase.measurements:
        if not one.passed:
            limits = " ".join(
                f"{name} {value}" for name, value in one.as_json().items() if name in ("min", "max", "wanted")
            )
            say(f"      {one.name}: {one.value} {one.unit} ({limits})", err=as_json)
    for finding in phase.findings:
        say(f"   -> {finding}", err=as_json)


def _place_for(path: Path) -> Path:
    """The file that a report is to be in, behind any symbolic link;
    it is new or an ordinary file, and its folder takes files.

    Raises UserError, before the cabinet is disturbed.
    """
    path = path.resolve()
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent} for the report: make it first.", 2)
    if path.exists() and not path.is_file():
        raise UserError(
            f"{path} is no ordinary file: name one with --report, "
            "or take the report from stdout with --json.",
            2,
        )
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            return path
    except OSError as error:
        raise _unwritten(path, error) from error


def _unwritten(path: Path, error: OSError) -> UserError:
    code = "disk_full" if error.errno in NO_ROOM else "failed"
    return UserError(
        f"The report cannot be written to {path} ({error.strerror}): choose another place with --report.",
        code=code,
    )


def _file(result: "BenchReport", path: Path) -> UserError | None:
    """Puts the whole report or none under its name; returns why it could not,
    so that the result is not lost with its file.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump(result.as_json(), file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        return _unwritten(path, error)
    return None
