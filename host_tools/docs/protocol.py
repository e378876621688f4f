"""The tables of docs/protocol.md, made from the code and the golden vectors.

What a table says stands in the source: the numbers as values, their meaning as the comment behind or above
them.
"""

import ast
import re
from pathlib import Path

from host_tools.docs import protocol_bytes, protocol_digits
from host_tools.docs.prose import comments_of, paragraphs
from host_tools.host.connections import bus_master, carriers, links, listener
from host_tools.link import messages as host_messages
from host_tools.link import records as host_records
from host_tools.sources import locker_folder
from locker.contract import codes, commands, records, tickets
from locker.core import remote_opening, state
from locker.shell import identity as identities
from locker.shell import link
from locker.wire import frame, messages, session, station

_REPOSITORY = Path(__file__).parents[2]
PAGE = _REPOSITORY / "docs" / "protocol.md"
_TCP = locker_folder() / "hal" / "esp32_tcp.py"
_MARKED = re.compile(r"(<!-- made by host_tools\.docs\.protocol: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _source(module: object) -> str:
    return Path(str(getattr(module, "__file__", ""))).read_text()


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _hex(number: int) -> str:
    return f"0x{number:02x}"


def _constants(module: object) -> dict[str, tuple[int, str]]:
    """The named numbers of an imported module, private ones included,
    in its order, with the comment behind each.

    A file that no host can import is read instead: its numbers are written out.
    """
    text = module.read_text() if isinstance(module, Path) else _source(module)
    comments = comments_of(text)
    found = {}
    for node in ast.parse(text).body:
        if not (
            isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_number(node.value)
        ):
            continue
        name = node.targets[0].id
        if isinstance(module, Path):
            value = ast.literal_eval(node.value.args[0]) if isinstance(node.value, ast.Call) else None
        else:
            value = getattr(module, name, None)
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if isinstance(value, int | float) and name not in found:
            found[name] = (value, " ".join(comments[line] for line in lines if line in comments))
    return found


def _is_number(value: ast.expr) -> bool:
    """Whether it is a number, or `const` of something, which is one when it is imported."""
    return isinstance(value, ast.Constant | ast.BinOp) or (
        isinstance(value, ast.Call) and getattr(value.func, "id", "") == "const"
    )


def kinds() -> str:
    """The low four bits of a payload's first byte."""
    contents = {
        "HELLO": "alias, hello_nonce (8), sealed nothing under C1",
        "DATA": "alias, sequence number (1-5), sealed message under C2",
        "WELCOME": "alias, welcome_nonce (8), sealed nothing under C2",
        "REFUSAL": "alias",
        "FIRST": "alias, hello_nonce (8), sequence number (1-5), sealed message under C2",
    }
    rows = []
    for name, what in contents.items():
        low = getattr(frame, name)
        numbered = name in ("DATA", "FIRST")
        rows.append((name, f"{_hex(low)}-{_hex(low + 4)}" if numbered else _hex(low), what))
    return _table(("kind", "low four bits", "what follows"), rows)


def _meanings() -> dict[str, tuple[str, dict[str, str]]]:
    """By message: the comment above its definition, and the comment behind each field."""
    text = _source(host_messages)
    comments = comments_of(text)
    found = {}
    for node in ast.parse(text).body:
        if not (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and getattr(node.value.func, "id", "") == "NamedTuple"
        ):
            continue
        above = node.lineno
        while above - 1 in comments:
            above -= 1
        about = " ".join(comments[line] for line in range(above, node.lineno))
        fields = {
            field.value: comments[field.lineno]
            for field in ast.walk(node.value.args[1])
            if isinstance(field, ast.Constant) and field.lineno in comments
        }
        found[getattr(node.targets[0], "id", "")] = (about, fields)
    return found


def message_tables() -> str:
    """One table for each message: its fields in their order."""
    parts = []
    meanings = _meanings()
    for kind, made in host_messages.TABLE:
        name = made.__name__
        about, fields = meanings[name]
        parts.append(f"### {name} ({_hex(kind)})\n\n{paragraphs(about)}\n")
        if not messages.FIELDS[kind]:
            most = messages.RECORDS_MAX if made is host_messages.Events else 1
            run = f"A run of 1 to {most} records" if most > 1 else "A run of one record"
            parts.append(f"{run}, then zeros up to 32 bytes of plaintext if it is shorter.\n")
            continue
        rows = []
        most = dict(host_messages.MOST.get(made, ()))
        for field, shape in zip(made._fields, messages.FIELDS[kind], strict=True):
            width, least = shape & 15, shape >> 4
            meaning = fields.get(
                field, "tenths of a second since the board's boot" if field == "uptime" else ""
            )
            values = "raw" if width == 8 else f"{least} to {most.get(field, 256**width - 1)}"
            rows.append((f"`{field}`", str(width), values, meaning))
        parts.append(_table(("field", "bytes", "values", "meaning"), rows))
    return "\n".join(parts)


def record_table() -> str:
    """The kinds of records that go to the host, and what their fields may say."""
    names = {
        number: (name, comment)
        for name, (number, comment) in reversed(_constants(records).items())
        if name != "RECORD_BYTES"
    }
    rows = []
    for kind, bounds in sorted(host_records.BOUNDS.items()):
        least, most = bounds.door
        doors = "" if not most else f"{least}-{most}"
        ranges = (host_records.in_words(bounds.a), host_records.in_words(bounds.b))
        rows.append((str(kind), f"`{names[kind][0]}`", doors, *ranges, names[kind][1]))
    return _table(("kind", "name", "door", "range of a", "range of b", "fields and meaning"), rows)


def command_table() -> str:
    """What the host may order."""
    numbers = _constants(commands)
    rows = [
        (str(number), f"`{name}`", comment)
        for name, (number, comment) in numbers.items()
        if number and not name.startswith("_")
    ]
    return _table(("kind", "name", "what is done, and what the fields mean"), rows)


def limits() -> str:
    """The numbers that an implementation must share, or may want to."""
    rows = [("`RECORDS_MAX`", str(messages.RECORDS_MAX), "records in one message")]
    names = "_NUMBERS_MAX _WINDOW _PAUSE_FIRST_MS _PAUSE_MAX_MS _SILENCE_MS _WELCOME_MAX _FUTILE_MAX"
    for name in names.split():
        value, comment = _constants(session)[name]
        rows.append((f"`{name.strip('_')}`", str(value), comment))
    return _table(("limit", "value", "meaning"), rows)


_OF_BOARD = (  # module, constant, unit, meaning
    (
        link,
        "_ANSWER_MS",
        "ms",
        (
            "without an answer, until the board sends its message again: "
            "a Report, Events or Status over the present numbers"
        ),
    ),
    (link, "_HEARTBEAT_MS", "ms", "after the last message, until a Status is sent"),
    (
        link,
        "_VISIT_MS",
        "ms",
        "after an Urgent, until the Events that it is a copy from are sent, if nothing sends them before",
    ),
    (
        link,
        "_FRESH",
        "tenths of a second",
        "between a Report and its Resume, within which the board believes Resume's time",
    ),
    (
        link,
        "_PRESS_MS",
        "ms",
        "after an Urgent, within which a board that has not heard Resume hurries: see the handshake",
    ),
    (link, "_PRESS_EVERY_MS", "ms", "between two such hurries"),
    (remote_opening, "_VALID_MS", "ms", "within which a Challenge may be given back"),
    (
        remote_opening,
        "_MINUTE_MAX",
        "",
        "host-ordered openings within a minute of uptime; the next OpenRequest is answered with 0",
    ),
    (remote_opening, "_DAY_MAX", "", "the same within a day of uptime; the count survives a power cut"),
    (_TCP, "_CONNECT_MS_MAX", "ms", "TCP: until a try to connect is given up"),
    (
        _TCP,
        "_DEAD_MS",
        "ms",
        "TCP: after something was sent and nothing heard, until the connection is given up",
    ),
    (
        _TCP,
        "_BACKOFF_MS_MIN",
        "ms",
        "TCP: the first pause between two tries, doubled each time, times a random 0.5 to 1.5",
    ),
    (_TCP, "_BACKOFF_MS_MAX", "ms", "TCP: the longest such pause"),
    (_TCP, "_HURRY_MS", "ms", "TCP: within which a board that hurries tries again"),
)
_OF_HOST = (
    (links, "_ORDER_AGAIN_S", "s", "between two sendings of a Command that is not reported"),
    (links, "SILENT_S", "s", "without a message, until a link counts as down and its connection is closed"),
    (listener, "STRANGER_S", "s", "TCP: until a connection is closed on which no board has proved itself"),
    (listener, "STRANGERS_MAX", "", "TCP: such connections at once"),
    (
        carriers,
        "STRANGER_READ_MAX",
        "bytes",
        "TCP: of such a connection that are read in one turn; one seal in them is looked at",
    ),
)


def timings() -> str:
    """When either end does something by itself."""
    rows = []
    for end, numbers in (("board", _OF_BOARD), ("host", _OF_HOST)):
        for module, name, unit, meaning in numbers:
            value, _ = _constants(module)[name]
            rows.append((end, f"`{name.strip('_')}`", f"{value:g} {unit}".strip(), meaning))
    return _table(("end", "name", "value", "meaning"), rows)


def bounds() -> str:
    """What a board refuses beyond what the bytes of a field could hold."""
    (_, _, epoch_max), *_ = host_records.BOUNDS[records.EPOCH_BEGUN].a
    rows = [
        ("door", f"1 to {host_records.DOOR[1]}", "0 where no door is meant"),
        (
            "epoch",
            f"1 to {epoch_max}",
            f"at most {state.EPOCHS_MAX} in use at once: the present one, and those of parcels that wait",
        ),
        (
            "parcel counter",
            f"1 to {state.COUNTER_MAX}",
            "of each door, in each incarnation; a door whose counters are used up takes no parcels",
        ),
        (
            "rule",
            f"0 to {codes.RULE}",
            "of codes and tails, in an epoch; a board refuses to begin an epoch of one that it does not know",
        ),
        ("serial", f"0 to {tickets.SERIALS - 1}", "of a ticket; 17 bits in a record, see below"),
        (
            "generation",
            f"0 to {tickets.GENERATION_MAX}",
            "of a ticket key; the present one and the one before are taken",
        ),
        ("retry", f"0 to {state.CODE_VERSION_MAX}", "0 is the first code of a parcel"),
        ("arming", f"0 to {state.STAFF_CODE_VERSION_MAX}", "of a door; 0 before its first code for staff"),
    ]
    return _table(("number", "range", ""), rows)


def urgent() -> str:
    """Which records leave a board ahead of others."""
    names = {
        number: name for name, (number, _) in reversed(_constants(records).items()) if name != "RECORD_BYTES"
    }

    def listed(mask: int) -> str:
        return ", ".join(f"`{names[kind]}`" for kind in range(1, records.ACKNOWLEDGED) if mask >> kind & 1)

    rows = [
        ("in an Urgent at once", listed(records.URGENT)),
        ("in Events at once, with all before them", listed(records.TOLD & ~records.URGENT)),
        ("with the next of these", "all others"),
    ]
    return _table(("sent", "records"), rows)


def identity() -> str:
    """The file that makes a board known to its host."""
    meanings = {
        "board_id": (8, "random, of this enrolment"),
        "alias": (4, "random, in every header"),
        "site_id": (8, "random, of the site"),
        "master_secret": (32, "MS: random, of this enrolment"),
        "nonce_host": (8, "random, of this enrolment; the first half of the epochs' salt"),
        "nonce_board": (8, "random, of this enrolment; the second half of the epochs' salt"),
        "ticket_secret": (
            32,
            (
                "of the site, for the ticket keys of all generations; "
                "`ticket_key` at a site that is older than those"
            ),
        ),
        "cabinet": (0, "the cabinet's number at its site, a JSON number"),
        "generation": (
            0,
            "of the ticket key when the board was provisioned, a JSON number; 0 where it is missing",
        ),
        "rule": (0, "of codes and tails in the first epoch, a JSON number; 0 where it is missing"),
    }
    rows = []
    for name in [name for name in identities.Identity._fields if name in meanings]:
        size, meaning = meanings[name]
        rows.append((f"`{name}`", f"{size} bytes, {2 * size} hexadecimal digits" if size else "", meaning))
    return _table(("field", "value", "meaning"), rows)


def bus() -> str:
    """The times that both sides of a bus keep."""
    rows = []
    for name in ("LOOK_MS", "TURN_MS", "SILENT_MS"):
        value, comment = _constants(station)[name]
        rows.append((f"`{name}`", f"{value} ms", f"board: {comment}"))
    for name, (value, comment) in _constants(bus_master).items():
        if name.endswith("_S"):
            rows.append((f"`{name}`", f"{1000 * value:g} ms", f"host: {comment}"))
    rows.append(
        ("`FRAME_MAX`", f"{bus_master.FRAME_MAX} bytes", "of a frame with its address, without the delimiter")
    )
    rows.append(
        (
            "`MISSES_MAX`",
            str(bus_master.MISSES_MAX),
            "host: questions without an answer until a cabinet counts as away",
        )
    )
    return _table(("limit", "value", "meaning"), rows)


def rounds() -> str:
    """How long a round of a bus may take."""
    cabinets = (1, 3, 8, 16, 31)
    rows = [
        (str(baud), *(f"{bus_master.round_s(count, baud):.2f} s" for count in cabinets))
        for baud in (19_200, 57_600, 115_200)
    ]
    return _table(("baud", *(f"{count} boards" if count > 1 else "1 board" for count in cabinets)), rows)


SECTIONS = {
    "digits": lambda: protocol_digits.digits(protocol_bytes.vectors),
    "kinds": kinds,
    "messages": message_tables,
    "records": record_table,
    "commands": command_table,
    "limits": limits,
    "timings": timings,
    "bounds": bounds,
    "urgent": urgent,
    "identity": identity,
    "bus_frames": protocol_bytes.bus_frames,
    "refusal": protocol_bytes.refusal,
    "adopted": protocol_bytes.adopted,
    "bus": bus,
    "rounds": rounds,
    "conversation": protocol_bytes.conversation,
    "plaintexts": protocol_bytes.plaintexts,
    "run_of_records": protocol_bytes.run_of_records,
    "malformed": protocol_bytes.malformed,
}


def renewed(page: str) -> str:
    """The page with every marked section made anew."""
    return _MARKED.sub(lambda found: f"{found[1]}\n{SECTIONS[found[2]]()}\n{found[3]}", page)


def pages() -> dict[Path, str]:
    """What each of the pages should say."""
    return {PAGE: renewed(PAGE.read_text(encoding="utf-8"))}
