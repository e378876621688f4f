"""The golden digits of docs/protocol.md: tickets, codes and receipts,
from the vectors that other libraries made.
"""

from collections.abc import Callable


def digits(vectors: Callable[[str], list[dict]]) -> str:
    """Tickets, codes and receipts, digit by digit."""
    heads = {
        "tickets.json": (
            "ticket_secret",
            "site_id",
            "generation",
            "k_ticket",
            "serial",
            "ticket",
            "v",
            "tail",
            "low",
            "recorded",
        ),
        "old_tickets.json": ("ticket_key", "site_id", "serial", "ticket", "tail", "low", "recorded"),
        "codes.json": (
            "k_code",
            "board_id",
            "rule",
            "epoch",
            "door",
            "counter",
            "retry",
            "tail",
            "pickup",
            "duress",
        ),
        "staff_codes.json": ("k_code", "board_id", "label", "epoch", "door", "counter", "arming", "code"),
        "receipts.json": ("k_receipt", "board_id", "epoch", "door", "counter", "serial", "retry", "receipt"),
    }
    parts = []
    for file, names in heads.items():
        cases = vectors(file)
        keys = [
            name
            for name in names
            if len({case[name] for case in cases}) == 1 and len(str(cases[0][name])) >= 16
        ]
        parts.append("".join(f"{name:<14} {cases[0][name]}\n" for name in keys))
        rest = [name for name in names if name not in keys and name != "k_ticket"]
        lines = [[_said(case[name]) for name in rest] for case in cases]
        widths = [max(len(name), *(len(line[at]) for line in lines)) for at, name in enumerate(rest)]
        for line in (rest, *lines):
            parts.append(
                "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
            )
        for generation, key in sorted(
            {(case["generation"], case["k_ticket"]) for case in cases if "k_ticket" in case}
        ):
            parts.append(f"K_ticket({generation}) = {key}\n")
        parts.append("\n")
    return "```\n" + "".join(parts).rstrip("\n") + "\n```\n"


def _said(value: object) -> str:
    return "none" if value is None else str(value)
