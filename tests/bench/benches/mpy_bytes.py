"""The firmware's size as it is sent to the board, by package."""

from tests.bench import Table
from tests.micropython.budgets import BUDGETS, TOTAL_BYTES, compiled_bytes


def run() -> list[Table]:
    sizes = compiled_bytes()
    rows = [(f"locker.{package}".rstrip("."), sizes[package], BUDGETS[package]) for package in sorted(sizes)]
    rows.append(("all", sum(sizes.values()), sum(BUDGETS.values())))
    note = f"The bytes that `ansim flash` sends. The budget for all is {TOTAL_BYTES:,}."
    return [Table(".mpy bytes of the firmware", ("package", "bytes", "at most"), rows, note)]
