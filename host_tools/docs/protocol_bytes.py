"""The golden bytes of docs/protocol.md: frames, messages and runs of records,
from the vectors and from the code.
"""

import json
import textwrap
from pathlib import Path

from locker.contract import tickets
from locker.wire import frame, station

_VECTORS = Path(__file__).parents[2] / "tests" / "vectors"


def vectors(name: str) -> list[dict]:
    """The cases of a file of tests/vectors."""
    return json.loads((_VECTORS / name).read_text())["cases"]


def _block(*lines: str) -> str:
    return "```\n" + "".join(f"{line}\n" for line in lines) + "```\n"


def bus_frames() -> str:
    """The shortest question on a bus, the shortest answer, and a question with a payload."""
    (case,) = vectors("session.json")
    ack = frame.Decoder(256).feed(bytes.fromhex(case["frames"][-1]))[0]
    payloads = (bytes((3,)), bytes((station.ANSWER | 3,)), bytes((3,)) + ack)
    return _block(*((b"\0" + frame.encode(payload)).hex() for payload in payloads))


def refusal() -> str:
    """What a host answers to a payload of another major version."""
    (case,) = vectors("session.json")
    header = bytes((frame.VERSION << 4 | frame.REFUSAL,))
    return _block(frame.encode(header + bytes.fromhex(case["alias"])).hex())


def adopted() -> str:
    """How ADOPT and ADOPTED say a ticket."""
    lines = ["serial  generation  flagged  a"]
    for serial, generation, flagged in (
        (4711, 0, 0),
        (4711, 1, 0),
        (4711, 2, 1),
        (65535, tickets.GENERATION_MAX, 1),
    ):
        a = tickets.recorded(serial, generation) | flagged << 17 | generation << 18
        lines.append(f"{serial:<8}{generation:<12}{flagged:<9}{a}")
    return _block(*lines)


def conversation() -> str:
    """A whole conversation, byte for byte."""
    (case,) = vectors("session.json")
    names = (
        "HELLO, board",
        "WELCOME, host",
        "FIRST with Report, board",
        "DATA with Resume, host",
        "DATA with Urgent, board",
        "DATA with Ack(6), host",
    )
    inputs = [
        f"{name:<14} {case[name]}\n"
        for name in ("master_secret", "board_id", "alias", "hello_nonce", "host_secret")
    ]
    inputs.append(f"{'welcome_nonce':<14} {case['welcome_nonce']}\n")
    for context in ("c1", "c2"):
        inputs += [f"{f'{context.upper()} {name}':<14} {key}\n" for name, key in case[context].items()]
    inputs.append(f"{'report':<14} {', '.join(str(value) for value in case['report'])} (behind board_id)\n")
    inputs.append(f"{'held':<14} {', '.join(str(value) for value in case['held'])}\n")
    inputs.append(f"{'record':<14} {case['record']}\n")
    frames = [f"# {name}\n{_folded(text)}\n" for name, text in zip(names, case["frames"], strict=True)]
    return "```\n" + "".join(inputs) + "\n" + "".join(frames) + "```\n"


def plaintexts() -> str:
    """Messages and their plaintexts."""
    lines = []
    for case in vectors("messages.json"):
        fields = ", ".join(
            f"{name} {value if isinstance(value, int | str) else ' '.join(value)}"
            for name, value in case["fields"]
        )
        about = textwrap.fill(
            f"{case['message']}: {fields}", 96, initial_indent="# ", subsequent_indent="#   "
        )
        lines.append(f"{about}\n{_folded(case['plaintext'])}\n")
    return "```\n" + "".join(lines) + "```\n"


def malformed() -> str:
    """Plaintexts that their receiver drops."""
    lines = []
    for case in vectors("malformed.json"):
        lines.append(f"# to the {'host' if case['of'] == 'board' else 'board'}: {case['what']}")
        lines += _folded(case["plaintext"]).splitlines() or ["(none)"]
    return _block(*lines)


def _folded(text: str) -> str:
    """Hexadecimal of any length in lines of at most 96 characters."""
    return "\n".join(text[at : at + 96] for at in range(0, len(text), 96))


def run_of_records() -> str:
    """A run of records before and after packing."""
    case = vectors("batches.json")[0]
    return _block(
        "# five records of the journal", *case["records"], "# the same on the link", _folded(case["packed"])
    )
