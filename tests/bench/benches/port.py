"""What strangers at the host's port cost the boards, beside an idle host in the same run."""

from host_tools.errors import UserError
from tests.bench import Table
from tests.kit.flooded import ACK_FACTOR_MAX, ACK_MORE_MS_MAX, ALARM_MS_MAX, Figures, port
from tests.kit.floods import FLOODS

_NOTE = (
    f"The median Ack may take {ACK_FACTOR_MAX} times that of the idle host and {ACK_MORE_MS_MAX:.0f} ms, an "
    f"alarm {ALARM_MS_MAX:.0f} ms. Floods and boards come from one address, "
    "and share this machine with the host."
)


def run() -> list[Table]:
    """Raises UserError when a flood costs more than is promised."""
    with port() as measured:
        idle = measured.figures()
        found = {flood.__name__: measured.under(flood) for flood in FLOODS}
    faults = [f"{name}: {fault}" for name, figures in found.items() for fault in figures.faults(idle)]
    if faults:
        raise UserError("Under a flood " + "; ".join(faults) + ".")
    rows = [_row("idle", idle), *(_row(name.replace("_", " "), figures) for name, figures in found.items())]
    columns = ["flood", "Ack, median ms", "Ack, worst ms", "bell to alarm, ms", "new board in, ms"]
    return [Table("the host's port under floods", columns, rows, _NOTE)]


def _row(name: str, figures: Figures) -> list:
    return [name, *(round(value, 1) for value in figures)]
