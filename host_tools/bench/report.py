"""What the test of a cabinet leaves: phases of measurements with limits,
and findings that name a part and what to do.
"""

from dataclasses import dataclass, field
from typing import Any

from host_tools import __version__

PASS, FAIL, ERROR, SKIP = "PASS", "FAIL", "ERROR", "SKIP"


@dataclass(frozen=True)
class Finding:
    """A part that is not as it should be, what is wrong with it, and what to do."""

    part: str
    fault: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.part}: {self.fault}; {self.remedy}"


@dataclass
class Measurement:
    """One value and its limits (inclusive; None for none), or one that must equal `wanted`."""

    name: str
    value: Any
    unit: str = ""
    least: float | None = None
    most: float | None = None
    wanted: Any = None

    @property
    def passed(self) -> bool:
        """Whether the value is there and within its limits."""
        if self.wanted is not None:
            return self.value == self.wanted
        if self.value is None:
            return False
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    def as_json(self) -> dict[str, Any]:
        """What the report holds of it."""
        limits = {"unit": self.unit or None, "min": self.least, "max": self.most, "wanted": self.wanted}
        return {"name": self.name, "value": self.value, "passed": self.passed} | {
            k: v for k, v in limits.items() if v is not None
        }


@dataclass
class Phase:
    """One thing that is tried. `note` says why it was not, `findings` what is wrong and what to do."""

    name: str
    outcome: str = SKIP
    measurements: list[Measurement] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    note: str = ""
    seconds: float = 0.0

    def measure(self, name: str, value: Any, unit: str = "", **limits: Any) -> bool:
        """Adds a measurement; whether it is within its limits."""
        self.measurements.append(Measurement(name, value, unit, **limits))
        return self.measurements[-1].passed

    def find(self, part: str, fault: str, remedy: str) -> None:
        """Adds a finding: this phase does not pass."""
        finding = Finding(part, fault, remedy)
        if finding not in self.findings:
            self.findings.append(finding)

    @property
    def passed(self) -> bool:
        """Whether all of it is as it should be."""
        return not self.findings and all(one.passed for one in self.measurements)

    def as_json(self) -> dict[str, Any]:
        """What the report holds of it."""
        told = {"name": self.name, "outcome": self.outcome, "seconds": round(self.seconds, 1)}
        told["measurements"] = [one.as_json() for one in self.measurements]
        told["findings"] = [vars(one) for one in self.findings]
        return told | ({"note": self.note} if self.note else {})


@dataclass
class BenchReport:
    """What was tested, when, and what came of it.

    `not_tried` has the parts for which a hand, an eye or an ear was wanting, `left_open` the doors that stand
    open at the end, `exposed` those of them with a parcel behind them, `perhaps_open` doors that were pulsed
    and that nobody saw move. `cut_off` is the sentence with which the test ended before its end.
    """

    board: str
    cabinet: int | None
    uid: str
    micropython: str
    begun: str
    phases: list[Phase] = field(default_factory=list)
    not_tried: list[str] = field(default_factory=list)
    left_open: list[int] = field(default_factory=list)
    exposed: list[int] = field(default_factory=list)
    perhaps_open: list[int] = field(default_factory=list)
    cut_off: str = ""

    @property
    def outcome(self) -> str:
        """PASS when every phase passed."""
        outcomes = {phase.outcome for phase in self.phases} | ({ERROR} if self.cut_off else set())
        return next((outcome for outcome in (ERROR, FAIL, SKIP) if outcome in outcomes), PASS)

    def as_json(self) -> dict[str, Any]:
        """The report to file."""
        head = {
            name: getattr(self, name)
            for name in ("outcome", "board", "cabinet", "uid", "micropython", "begun")
        }
        body = {"ansim": __version__, "phases": [phase.as_json() for phase in self.phases]}
        doors = {name: getattr(self, name) for name in ("not_tried", "left_open", "exposed", "perhaps_open")}
        return head | body | doors | ({"cut_off": self.cut_off} if self.cut_off else {})
