"""`ansim decode`: a captured line, frame by frame."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import click

import host_tools
from host_tools.capture.decode import BOARD, HOST, Opener, Piece, Splitter, header_of
from host_tools.cli._output import json_line, say
from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import data_option

_CHUNK = 65_536  # bytes
_PCAP = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)
_DISSECTOR = Path(host_tools.__file__).parent / "capture" / "ansim.lua"
_OPENED = (
    "OPENED: this output holds ticket serials, door numbers and the times of people's visits. "
    "Keep it to yourself."
)


def _pieces(source: BinaryIO, bus: bool) -> Iterator[Piece]:
    """The pieces of a line, as soon as they are complete."""
    splitter = Splitter(bus=bus)
    first = True
    read = getattr(source, "read1", source.read)  # what is there, of a pipe
    while data := read(_CHUNK):
        if first and data[:4] in _PCAP:
            raise UserError(
                "This is a packet capture, not a stream of bytes: "
                "look at it with Wireshark and `ansim decode --dissector`.",
                2,
            )
        first = False
        yield from splitter.feed(data)
    yield from splitter.end()


def _ledger(data: Path | None) -> AbstractContextManager[Any]:
    from host_tools.cli._acting import open_ledger  # who looks at headers needs no database

    return open_ledger(data, create=False)


def _row(piece: Piece, sender: str | None, opener: Opener | None) -> dict[str, Any]:
    """All that is known of a piece of the line."""
    row: dict[str, Any] = {
        "offset": piece.offset,
        "length": piece.length,
        "from": sender,
        "fault": piece.fault or None,
    }
    if piece.address is not None:
        row |= {"address": piece.address, "from": piece.sender}
        sender = piece.sender
        if not piece.payload:
            return row
    if piece.fault:
        return row
    header = header_of(piece.payload)
    row |= header._asdict() | {"from": sender or header.sender, "fault": header.fault or None}
    del row["sender"]
    if opener is not None:
        opened, remark = opener.open(piece.payload, sender)
        row |= {"message": None, "fields": None, "remark": remark or None}
        if opened is not None:
            row |= {"from": opened.sender, "message": opened.message, "fields": opened.fields}
    return row


def _line(row: dict[str, Any]) -> str:
    """The same for people."""
    start = f"{row['offset']:>8}  {row['length']:>4} B  {row['from'] or '':<5}  "
    if row["fault"] and "kind" not in row:
        return f"{start}garbage: {row['fault']}"
    start += "CRC ok  " + (f"address {row['address']}  " if "address" in row else "")
    if "kind" not in row:
        return start + ("asked" if row["from"] == HOST else "has nothing to say")
    text = f"{start}v{row['version']} {row['kind']:<7} {row['alias']}"
    for name, what in (("nonce", "nonce"), ("number", "no.")):
        if row[name] is not None:
            text += f"  {what} {row[name]}"
    text += f"  {row['sealed']} B sealed" if row["sealed"] else ""
    remark = row["fault"] or row.get("remark")
    text += f"  ({remark})" if remark else ""
    if row.get("message") == "":
        text += "  genuine"
    elif row.get("message"):
        text += f"\n{'':10}{row['message']}" + _fields(row["fields"])
    return text


def _fields(fields: dict[str, Any]) -> str:
    text = ""
    for name, value in fields.items():
        if isinstance(value, dict | list):
            for record in value if isinstance(value, list) else [value]:
                text += f"\n{'':12}" + " ".join(f"{key} {what}" for key, what in record.items())
        else:
            text += f" {name} {'(not shown)' if value is None else value}"
    return text


@click.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.option(
    "--board-to-host",
    "from_board",
    type=click.File("rb"),
    metavar="FILE",
    help="What the board sent, where each way has a file.",
)
@click.option(
    "--host-to-board", "from_host", type=click.File("rb"), metavar="FILE", help="What the host sent."
)
@click.option(
    "--bus", is_flag=True, help="Several cabinets share the line: an address stands ahead of each payload."
)
@click.option(
    "--open",
    "opening",
    is_flag=True,
    help="Open the frames of the boards in the ledger: then the output is not for others.",
)
@data_option
@click.option("--dissector", is_flag=True, help="Only print where the dissector for Wireshark and tshark is.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each frame, one a line.")
def command(
    file: BinaryIO | None,
    from_board: BinaryIO | None,
    from_host: BinaryIO | None,
    bus: bool,
    opening: bool,
    data: Path | None,
    dissector: bool,
    as_json: bool,
) -> None:
    """Print what a captured serial line or TCP stream says, frame by frame, and what is damaged in between.

    FILE holds the raw bytes, both ways mixed or one way; - is standard input. Each line gives offset and
    length on the line, who sent it, whether the CRC is right, and the header: version, kind, alias, nonce,
    sequence number. That is safe to pass on: it holds no secret.

    With --open the messages of boards in the ledger (--data DIR) are opened, as far as the capture holds the
    greeting of their session. Codes and keys are never shown; serials are.

    \b
    Example: ansim decode --open --board-to-host sent.bin --host-to-board received.bin
    """
    if dissector:
        say(str(_DISSECTOR))
        return
    sources = [
        (source, sender)
        for source, sender in ((file, None), (from_board, BOARD), (from_host, HOST))
        if source
    ]
    if not sources or (file and len(sources) > 1):
        raise click.UsageError(
            "Give one FILE (- for standard input), or --board-to-host and --host-to-board."
        )
    if data is not None and not opening:
        raise click.UsageError("--data names the ledger for --open: give that too.")
    with _ledger(data) if opening else nullcontext() as ledger:
        opener = Opener(ledger) if ledger else None
        if opening:
            say(_OPENED if as_json else f"# {_OPENED}", err=as_json)
        if opener and len(sources) > 1:  # each direction lacks half of the nonces
            sources = [(_to_read_twice(source), sender) for source, sender in sources]
            for source, _ in sources:
                for piece in _pieces(source, bus):
                    _note(opener, piece)
                source.seek(0)
        if not sum(_print_all(_pieces(source, bus), sender, opener, as_json) for source, sender in sources):
            raise UserError(
                "Nothing in it is a whole frame: was the line captured at its own speed, "
                "and without the REPL's output?"
            )


def _to_read_twice(source: BinaryIO) -> BinaryIO:
    """The same bytes, from their beginning, as often as they are wanted;
    those of a pipe go through a file that nobody else sees.
    """
    if source.seekable():
        return source
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - gone with its last reader
    shutil.copyfileobj(source, kept)
    kept.seek(0)
    return kept


def _print_all(pieces: Iterator[Piece], sender: str | None, opener: Opener | None, as_json: bool) -> int:
    """Prints what stood on a line; how many frames were whole."""
    whole = 0
    for piece in pieces:
        _note(opener, piece)
        row = _row(piece, sender, opener)
        say(json_line(row) if as_json else _line(row))
        whole += not piece.fault
    return whole


def _note(opener: Opener | None, piece: Piece) -> None:
    if opener is not None and piece.payload:
        opener.note(piece.payload)
