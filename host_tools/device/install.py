"""Puts a set of files on a board as a whole: staged, verified there,
decided by one rename, installed by update.py.

Whenever it is cut off, the board holds the old set or the new one, never a mixture.
"""

import base64
import hashlib
from collections.abc import Callable
from typing import NamedTuple

from host_tools.device.delta import Piece, pieces, travelling
from host_tools.device.port import BoardError, Device
from host_tools.device.programs import WINDOW_BITS, deflated
from host_tools.errors import UserError
from host_tools.sources import start_file

_CHUNK_BYTES = 1024
_FINGERPRINT_BYTES = 6
_HINT_BYTES = 4
_FLASH_TIMEOUT_S = 120
#: LittleFS keeps two blocks for each folder and moves a few more while it works.
_SPARE_BLOCKS = 8

Progress = Callable[[int, int], None]


class OnBoard(NamedTuple):
    """What a survey found.

    `files` maps a path to the first 6 bytes of its content's SHA-256;
    `folders` are the owned ones, outer first.
    """

    files: dict[str, bytes]
    folders: list[str]
    free_bytes: int
    block_bytes: int


def survey(
    device: Device,
    folders: tuple[str, ...],
    root_files: tuple[str, ...],
    expected: dict[str, bytes] | None = None,
) -> OnBoard:
    """What is in those folders and which of those files are in the root, in one question and one answer.

    A folder that holds just the `expected` files (contents by path) costs a name instead of a list.
    """
    lists: dict[str, dict[str, bytes]] = {}
    for path in sorted(expected or {}):
        folder, name = path.rsplit("/", 1)
        if folder:
            lists.setdefault(folder, {})[name] = fingerprint((expected or {})[path])
    hints = {folder: hashlib.sha256(_told(files)).digest()[:_HINT_BYTES] for folder, files in lists.items()}
    free_bytes, block_bytes, text = device.call(
        "files", "survey", folders, root_files, hints, timeout_s=_FLASH_TIMEOUT_S
    )
    files: dict[str, bytes] = {}
    found: list[str] = []
    try:
        for line in text.split("\n"):
            if line.startswith((":", "=")):
                found.append(line[1:])
                if line.startswith("="):
                    files |= {f"{line[1:]}/{name}": known for name, known in lists[line[1:]].items()}
            else:
                files[f"{found[-1]}/{line[8:]}"] = base64.b64decode(line[:8])
    except (IndexError, KeyError, ValueError) as error:
        raise device.no_answer() from error
    return OnBoard(files, found[1:], free_bytes, block_bytes)


def _told(files: dict[str, bytes]) -> bytes:
    """What a board tells of a folder's files; see `device/errands/files.py`."""
    return "\n".join(base64.b64encode(files[name]).decode() + name for name in sorted(files)).encode()


def fingerprint(content: bytes) -> bytes:
    """What a survey tells of a file with that content."""
    return hashlib.sha256(content).digest()[:_FINGERPRINT_BYTES]


def finish(device: Device, found: OnBoard) -> bool:
    """Carries an update that was decided, but cut off, to its end; True when there was one.
    boot.py does the same at each start.
    """
    program = start_file("update.py").read_bytes()
    is_there = found.files.get("/update.py") == fingerprint(program)
    device.execute("from update import finish_update" if is_there else program.decode())
    return device.call("files", "finish_update", timeout_s=_FLASH_TIMEOUT_S)


def install(
    device: Device,
    found: OnBoard,
    files: dict[str, bytes],
    removed: list[str],
    progress: Progress = lambda done, total: None,
    old: dict[str, bytes] | None = None,
) -> None:
    """Installs files (in their order) after taking the `removed` paths away;
    the board holds all of it or nothing, whenever it is cut off.

    `old` are contents by path that the board is known to hold now: of those only the difference travels.
    `progress(done, total)` counts bytes that travel. Raises UserError when the flash has no room, BoardError
    when the board cannot do it.
    """
    _check_room(found, files)
    archive = _archive(files, old or {}, removed)
    bits = 0
    if device.facts.deflate and len(packed := deflated(archive)) < len(archive):
        archive, bits = packed, WINDOW_BITS
    device.call("files", "begin")
    for start in range(0, len(archive), _CHUNK_BYTES):
        chunk = archive[start : start + _CHUNK_BYTES]
        device.call("files", "take", chunk)
        progress(start + len(chunk), len(archive))
    try:
        device.call("files", "unpack", bits, hashlib.sha256(archive).digest()[:8], timeout_s=_FLASH_TIMEOUT_S)
    except BoardError as error:
        if error.kind == "ValueError":
            raise UserError(
                f"{error.text} did not arrive whole; nothing was changed: "
                "check the cable and run the command again."
            ) from None
        raise
    finish(device, found)


def _archive(files: dict[str, bytes], old: dict[str, bytes], removed: list[str]) -> bytes:
    """The stream that `device/errands/files.py` unpacks:
    the manifest of `firmware/update.py`, an empty line, what travels in order.

    What boot.py needs to carry on goes first: from its first rename on,
    an update that is cut off is finished at the next start.
    """
    first = [path for path in files if path in ("/update.py", "/boot.py")]
    parts = {path: pieces(old.get(path, b""), content) for path, content in files.items()}
    lines = [_line(path, files[path], parts[path]) for path in first]
    lines += [f"- {path}" for path in removed]
    rest = [path for path in files if path not in first]
    lines += [_line(path, files[path], parts[path]) for path in rest]
    sent = b"".join(travelling(old.get(path, b""), files[path], parts[path]) for path in first + rest)
    return "".join(line + "\n" for line in lines).encode() + b"\n" + sent


def _line(path: str, content: bytes, parts: list[Piece]) -> str:
    if not path.isascii() or " " in path:
        raise ValueError(f"no line of a manifest can hold {path!r}")
    told = " ".join(f"{length}" if offset is None else f"{length}@{offset}" for length, offset in parts)
    return f"+ {path} {hashlib.sha256(content).hexdigest()[:16]} {told}"


def _check_room(found: OnBoard, files: dict[str, bytes]) -> None:
    def blocks(size: int) -> int:
        return -(-size // found.block_bytes) + 1

    folders = {path.rsplit("/", 1)[0] for path in files} - set(found.folders)
    needed = (
        sum(blocks(len(content)) for content in files.values())
        + blocks(sum(map(len, files.values())))
        + 2 * len(folders)
        + _SPARE_BLOCKS
    )
    if needed * found.block_bytes > found.free_bytes:
        raise UserError(
            f"The board's flash is full: {needed * found.block_bytes // 1024} KiB are needed, "
            f"{found.free_bytes // 1024} KiB are free; remove files that are not the firmware's (`mpremote "
            "fs rm`). Nothing was changed."
        )
