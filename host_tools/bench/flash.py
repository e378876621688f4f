"""What `ansim flash` does: compares the firmware with what is on the board,
moves what changed, and boots it.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from host_tools.bundle.contents import OWNED_FOLDERS, START_FILES, digest
from host_tools.bundle.ready import bundle, errand, ready_to_debug
from host_tools.device.install import OnBoard, Progress, fingerprint, finish, install, survey
from host_tools.device.known_files import recall, remember
from host_tools.device.port import BOOT_S_MAX, Device
from host_tools.device.port_list import look_at
from host_tools.errors import UserError

if TYPE_CHECKING:
    from host_tools.boards.board_file import BoardFile

_UNFINISHED = "next/manifest"
_RAISED = re.compile(r"Not in service: ([A-Z]\w*\(.*\))$")  # what main.py says of an exception
#: What is told of a board that has its firmware and no identity.
UNPROVISIONED = "Not provisioned yet: `ansim provision` is next."


@dataclass
class Flashed:
    """What happened, or would happen on a dry run. Paths are those on the board."""

    micropython: str
    machine: str
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    resumed: bool = False
    bytes_sent: int = 0
    bytes_received: int = 0
    seconds: float = 0.0
    state: str = "in service"  # or "no firmware" (a dry run only), "not provisioned", "not in service"
    # "", or what is next, or what the board said of an application that did not stay: "Not in service: ..."
    booted: str = ""


def flash(
    port: str,
    board: "BoardFile | None" = None,
    *,
    dry_run: bool = False,
    files: dict[str, bytes] | None = None,
    progress: Progress = lambda done, total: None,
    waiting: Callable[[str], None] = lambda sentence: None,
) -> Flashed:
    """Brings the firmware (or `files`, in their order) onto the board at a port and boots it;
    `waiting` hears when that takes long.

    Raises UserError: see `Device`; a chip other than the board definition's; no journal partition; flash
    full; the new firmware ends at once with an error. Until the last step of an update the board keeps its
    old firmware, whole.
    """
    begun = time.monotonic()
    look_at(port)
    wanted = bundle() if files is None else files
    with Device(port, errand) as device:
        refuse_wrong_chip(device, board)
        refuse_missing_journal(device)
        found = survey(device, OWNED_FOLDERS, (*START_FILES, _UNFINISHED), wanted)
        resumed = f"/{_UNFINISHED}" in found.files
        if resumed and not dry_run:
            finish(device, found)
            found = survey(device, OWNED_FOLDERS, START_FILES, wanted)
        report = Flashed(device.facts.micropython, device.facts.machine, resumed=resumed)
        plan(report, found, wanted)
        moved = {path: wanted[path] for path in wanted if path in report.added or path in report.changed}
        if not dry_run and (moved or report.removed):
            install(device, found, moved, report.removed, progress, recall(found, report.changed))
            if device.call("files", "digest", OWNED_FOLDERS, START_FILES) != digest(wanted):
                raise UserError(
                    "The board does not hold what was installed: run the command again; "
                    "if that repeats, its flash is worn out."
                )
        remember(wanted)
        report.booted = verdict(device.boot(waiting))
        report.state = _state(report, dry_run)
        report.bytes_sent, report.bytes_received = device.traffic.sent, device.traffic.received
    report.seconds = round(time.monotonic() - begun, 3)
    return report


def _state(report: Flashed, is_dry: bool) -> str:
    if report.booted:
        return "not provisioned" if report.booted == UNPROVISIONED else "not in service"
    return (
        "no firmware" if is_dry and any(f"/{name}" in report.added for name in START_FILES) else "in service"
    )


def verdict(said: str | None) -> str:
    """What the output of a boot means: "" for an application at work,
    UNPROVISIONED, else why it is not in service.

    Raises UserError when it ended with an error.
    """
    if said is None:
        return ""
    lines = said.replace("\r", "").strip().split("\n")
    if any(line.startswith("Traceback") for line in lines):
        reason = next(
            (
                line
                for line in reversed(lines)
                if line and not line.startswith((">>>", "MicroPython", "Type ", " "))
            ),
            "",
        )
        raise UserError(
            f"The firmware is installed, but its application ended at once with {reason}: "
            "run `ansim flash` again.",
            code="out_of_service",
        )
    if any(line.startswith(("Not provisioned yet", "Not in service: [Errno 2] ENOENT")) for line in lines):
        return UNPROVISIONED
    reason = next((line for line in reversed(lines) if line.startswith("Not in service")), "")
    if raised := _RAISED.match(reason):
        raise UserError(
            f"The firmware is installed, but its application ends at once with {raised[1]}, each time anew: "
            "run `ansim flash` again; if that repeats, a file of `ansim provision` is damaged.",
            code="out_of_service",
        )
    if not reason and not lines[-1].startswith(("In service", ">>>")):
        return f"Not in service: no word from its application within {BOOT_S_MAX:.0f} s"
    return "" if lines[-1].startswith("In service") else reason


def plan(report: Flashed, found: OnBoard, wanted: dict[str, bytes]) -> None:
    """Fills in what to add, change and remove.

    Files go before the folders they lie in; a folder goes when no wanted file needs it.
    """
    for path, content in wanted.items():
        if path not in found.files:
            report.added.append(path)
        elif found.files[path] != fingerprint(content):
            report.changed.append(path)
        else:
            report.unchanged += 1
    needed = {path[:end] for path in wanted for end in range(len(path)) if path[end] == "/"}
    owned = [path for path in found.files if path.startswith(tuple(folder + "/" for folder in OWNED_FOLDERS))]
    report.removed += [path for path in owned if path not in wanted]
    report.removed += [folder for folder in reversed(found.folders) if folder not in needed]


def refuse_wrong_chip(device: Device, board: "BoardFile | None") -> None:
    """Refuses a chip that is not the board definition's: its pins would mean other things.

    Raises UserError.
    """
    if board and device.facts.chip != board.definition.chip:
        wanted, found = board.definition.chip, device.facts.chip
        raise UserError(
            f"{board.name} has an {wanted}, but the chip on {device.name} is an {found}: "
            "check --board and --port.",
            code="chip",
        )


def refuse_missing_journal(device: Device) -> None:
    """Refuses a chip whose partition table has no journal: raises UserError with the cure."""
    if not device.call("files", "has_journal"):
        raise UserError(
            f"The chip on {device.name} has no partition labelled journal: flash boards/partitions_4mb.csv "
            "(or _8mb, _16mb) with `ansim flash --erase-chip --micropython FILE.bin --board NAME`; "
            "that erases the whole chip.",
            code="unflashed",
        )


def _holds(found: OnBoard, wanted: dict[str, bytes]) -> bool:
    """Whether what errands are linked against is on the board."""
    owned = [path for path in wanted if path.startswith(OWNED_FOLDERS)]
    return all(found.files.get(path) == fingerprint(wanted[path]) for path in owned)


def refuse_other_firmware(device: Device) -> None:
    """Refuses a board whose firmware is not the one that these tools carry, with line numbers or without.

    What they ask it to run is linked against that.

    An update that was cut off is finished first. Raises UserError.
    """
    wanted = bundle()
    found = survey(device, OWNED_FOLDERS, (*START_FILES, _UNFINISHED), wanted)
    if f"/{_UNFINISHED}" in found.files:
        finish(device, found)
        found = survey(device, OWNED_FOLDERS, START_FILES, wanted)
    if not {f"/{name}" for name in START_FILES} <= set(found.files):
        raise UserError(
            f"The board on {device.name} has no firmware yet: run `ansim flash --port {device.name}` first.",
            code="unflashed",
        )
    if not _holds(found, wanted) and not _holds(found, ready_to_debug().files):
        raise UserError(
            f"The firmware on {device.name} is of another version than this ansim: "
            f"run `ansim flash --port {device.name}` first.",
            code="unflashed",
        )
