"""The tables of docs/protocol.md, made from the code and the golden vectors: `python -m host_tools.protocol_doc [--check]`.

What a table says stands in the source: the numbers as values, their meaning as the comment behind them.
"""

import json
import re
import sys
import textwrap
from pathlib import Path

import click

from host_tools.host import turns
from locker.core import commands, host_records, records
from locker.wire import frame, host_messages, messages, session, station

_REPOSITORY = Path(__file__).parent.parent
PAGE = _REPOSITORY / "docs" / "protocol.md"
_VECTORS = _REPOSITORY / "tests" / "vectors"
_MARKED = re.compile(r"(<!-- made by host_tools\.protocol_doc: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_CONSTANT = re.compile(r"^(\w+) = const\((\w+)\)(?:  # (.*))?$", re.MULTILINE)


def _source(module: object) -> str:
    return Path(str(getattr(module, "__file__", ""))).read_text()


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _hex(number: int) -> str:
    return f"0x{number:02x}"


def _constants(module: object) -> dict[str, tuple[int, str]]:
    """The named numbers of a module, private ones included, with the comment behind each."""
    return {name: (int(value, 0), comment) for name, value, comment in _CONSTANT.findall(_source(module))}


def kinds() -> str:
    """The low four bits of a payload's first byte."""
    contents = {
        "HELLO": "alias, nonce_board (8), sealed nothing under C1",
        "DATA": "alias, sequence number (1-5), sealed message under C2",
        "WELCOME": "alias, nonce_host (8), sealed nothing under C2",
        "REFUSAL": "alias",
        "FIRST": "alias, nonce_board (8), sequence number (1-5), sealed message under C2",
    }
    rows = []
    for name, what in contents.items():
        low = getattr(frame, name)
        numbered = name in ("DATA", "FIRST")
        rows.append((name, f"{_hex(low)}-{_hex(low + 4)}" if numbered else _hex(low), what))
    return _table(("kind", "low four bits", "what follows"), rows)


def _meanings() -> dict[str, tuple[str, dict[str, str]]]:
    """By message: the comment above its definition, and the comment behind each field."""
    found = {}
    lines = _source(host_messages).splitlines()
    for at, line in enumerate(lines):
        defined = re.match(r"(\w+) = namedtuple\(", line)
        if not defined:
            continue
        above = at
        while lines[above - 1].startswith("# "):
            above -= 1
        about = " ".join(comment.removeprefix("# ") for comment in lines[above:at])
        end = at if line.endswith("))") else lines.index(")", at)
        fields = dict(re.findall(r'"(\w+)",\)?,?  # (.*)', "\n".join(lines[at:end])))
        found[defined[1]] = (about, fields)
    return found


def message_tables() -> str:
    """One table for each message: its fields in their order."""
    parts = []
    meanings = _meanings()
    for kind, made in host_messages.TABLE:
        name = made.__name__
        about, fields = meanings[name]
        parts.append(f"### {name} ({_hex(kind)})\n\n{about}\n")
        if not messages.FIELDS[kind]:
            most = messages.RECORDS_MAX if made is host_messages.Events else 1
            run = f"A run of 1 to {most} records" if most > 1 else "A run of one record"
            parts.append(f"{run}, then zeros up to 32 bytes of plaintext if it is shorter.\n")
            continue
        rows = []
        most = dict(host_messages.MOST.get(made, ()))
        for field, shape in zip(made._fields, messages.FIELDS[kind], strict=True):
            width, least = shape & 15, shape >> 4
            meaning = fields.get(field, "tenths of a second since the board's boot" if field == "uptime" else "")
            values = "raw" if width == 8 else f"{least} to {most.get(field, 256**width - 1)}"
            rows.append((f"`{field}`", str(width), values, meaning))
        parts.append(_table(("field", "bytes", "values", "meaning"), rows))
    return "\n".join(parts)


def record_table() -> str:
    """The kinds of records that go to the host, and what their fields may say."""
    names = {number: (name, comment) for name, (number, comment) in reversed(_constants(records).items()) if name != "RECORD_BYTES"}
    rows = []
    for kind, bounds in sorted(host_records.BOUNDS.items()):
        least, most = bounds.door
        doors = "" if not most else f"{least}-{most}"
        ranges = (host_records.in_words(bounds.a), host_records.in_words(bounds.b))
        rows.append((str(kind), f"`{names[kind][0]}`", doors, *ranges, names[kind][1]))
    return _table(("kind", "name", "door", "range of a", "range of b", "fields and meaning"), rows)


def command_table() -> str:
    """What the host may order."""
    rows = [(str(number), f"`{name}`", comment) for name, (number, comment) in _constants(commands).items() if not name.startswith("_")]
    return _table(("kind", "name", "what is done, and what the fields mean"), rows)


def limits() -> str:
    """The numbers that an implementation must share, or may want to."""
    rows = [("`RECORDS_MAX`", str(messages.RECORDS_MAX), "records in one message")]
    for name in ("_NUMBERS_MAX", "_WINDOW", "_PAUSE_FIRST_MS", "_PAUSE_MAX_MS", "_SILENCE_MS", "_WELCOME_MAX", "_FUTILE_MAX"):
        value, comment = _constants(session)[name]
        rows.append((f"`{name.strip('_')}`", str(value), comment))
    return _table(("limit", "value", "meaning"), rows)


def bus_frames() -> str:
    """The shortest question on a bus and the shortest answer."""
    question, answer = (b"\0" + frame.encode(bytes((address,))) for address in (3, station.ANSWER | 3))
    return f"```\n{question.hex()}\n{answer.hex()}\n```\n"


def bus() -> str:
    """The times that both sides of a bus keep."""
    rows = []
    for name in ("LOOK_MS", "TURN_MS", "SILENT_MS"):
        value, comment = _constants(station)[name]
        rows.append((f"`{name}`", f"{value} ms", f"board: {comment}"))
    for name, comment in re.findall(r"^(\w+_S) = .*  # (.*)$", _source(turns), re.MULTILINE):
        rows.append((f"`{name}`", f"{1000 * getattr(turns, name):g} ms", f"host: {comment}"))
    rows.append(("`FRAME_MAX`", f"{turns.FRAME_MAX} bytes", "of a frame with its address, without the delimiter"))
    rows.append(("`MISSES_MAX`", str(turns.MISSES_MAX), "host: questions without an answer until a cabinet counts as away"))
    return _table(("limit", "value", "meaning"), rows)


def rounds() -> str:
    """How long a round of a bus may take."""
    cabinets = (1, 3, 8, 16, 31)
    rows = [(str(baud), *(f"{turns.round_s(count, baud):.2f} s" for count in cabinets)) for baud in (19_200, 57_600, 115_200)]
    return _table(("baud", *(f"{count} boards" if count > 1 else "1 board" for count in cabinets)), rows)


def _vectors(name: str) -> list[dict]:
    return json.loads((_VECTORS / name).read_text())["cases"]


def conversation() -> str:
    """A whole conversation, byte for byte."""
    (case,) = _vectors("session.json")
    names = (
        "HELLO, board",
        "WELCOME, host",
        "FIRST with Report, board",
        "DATA with Held, host",
        "DATA with Urgent, board",
        "DATA with Ack(6), host",
    )
    inputs = [f"{name:<14} {case[name]}\n" for name in ("master_secret", "board_id", "alias", "nonce_board", "host_secret")]
    inputs.append(f"{'report':<14} {', '.join(str(value) for value in case['report'])} (behind board_id)\n")
    inputs.append(f"{'held':<14} {', '.join(str(value) for value in case['held'])}\n")
    inputs.append(f"{'record':<14} {case['record']}\n")
    frames = [f"# {name}\n{_folded(text)}\n" for name, text in zip(names, case["frames"], strict=True)]
    return "```\n" + "".join(inputs) + "\n" + "".join(frames) + "```\n"


def plaintexts() -> str:
    """Messages and their plaintexts."""
    lines = []
    for case in _vectors("messages.json"):
        fields = ", ".join(f"{name} {value if isinstance(value, int | str) else ' '.join(value)}" for name, value in case["fields"])
        about = textwrap.fill(f"{case['message']}: {fields}", 96, initial_indent="# ", subsequent_indent="#   ")
        lines.append(f"{about}\n{_folded(case['plaintext'])}\n")
    return "```\n" + "".join(lines) + "```\n"


def _folded(text: str) -> str:
    """Hexadecimal of any length in lines of at most 96 characters."""
    return "\n".join(text[at : at + 96] for at in range(0, len(text), 96))


def run_of_records() -> str:
    """A run of records before and after packing."""
    case = _vectors("batches.json")[0]
    before = "\n".join(case["records"])
    return f"```\n# five records of the journal\n{before}\n# the same on the link\n{_folded(case['packed'])}\n```\n"


SECTIONS = {
    "kinds": kinds,
    "messages": message_tables,
    "records": record_table,
    "commands": command_table,
    "limits": limits,
    "bus_frames": bus_frames,
    "bus": bus,
    "rounds": rounds,
    "conversation": conversation,
    "plaintexts": plaintexts,
    "run_of_records": run_of_records,
}


def renewed(page: str) -> str:
    """The page with every marked section made anew."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{SECTIONS[found[2]]()}\n{found[3]}", page)


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when the page is out of date.")
def command(check: bool) -> None:
    """Write the tables of docs/protocol.md.

    \b
    Example: python -m host_tools.protocol_doc --check
    """
    page = PAGE.read_text()
    new = renewed(page)
    if check and new != page:
        click.echo("docs/protocol.md is out of date: run `python -m host_tools.protocol_doc`.", err=True)
        sys.exit(1)
    if not check:
        PAGE.write_text(new)


if __name__ == "__main__":
    command()
