"""The firmware's size as it is sent to the board, by package, beside the budget."""

from tests.bench import Table
from tests.micropython.budgets import BUDGETS, TOTAL_BYTES_MAX, compiled_bytes


def run() -> list[Table]:
    sizes = compiled_bytes()
    rows = [(package, sizes[package], BUDGETS[package]) for package in sorted(sizes)]
    rows.append(("all", sum(sizes.values()), TOTAL_BYTES_MAX))
    return [Table(".mpy bytes of the firmware", ("package", "bytes", "at most"), rows, "mpy-cross -O2.")]
