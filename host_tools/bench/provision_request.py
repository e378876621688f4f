"""What is asked of `ansim provision`, what it finds, and what comes of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from host_tools.boards.board_file import BoardFile
from host_tools.host.ledger.ledger import PENDING, Cabinet


@dataclass(frozen=True)
class Request:
    """What the operator wants.

    `network` is the object of network.json; `number` None takes the lowest free one of the site.

    `help_number` was checked by help_numbers.check_number.
    """

    port: str
    board: BoardFile
    site: str
    network: dict[str, Any]
    number: int | None = None
    data: Path | None = None
    replace: bool = False
    dry_run: bool = False
    help_number: str | None = None  # whom people call; None: that of the site, as the ledger has it


@dataclass
class Provisioned:
    """What came of it. `cabinet` is None on a dry run that leaves the number to the ledger."""

    site: str
    cabinet: int | None
    board: str
    uid: str
    alias: str = ""
    resumed: bool = False
    replaced: bool = False
    discarded_events: int = 0
    help_number: str = ""  # that the screen shows; empty: none is known
    # The cabinets that go with the earlier identity, as "cabinet 2 of mapo-3".
    retired: list[str] = field(default_factory=list)


class Found(NamedTuple):
    """The state of board and ledger before anything is changed."""

    uid: bytes
    known: Cabinet | None
    board_id: bytes | None
    records: int
    unsent: int

    @property
    def is_half_done(self) -> bool:
        """The identity reached the board, but the ledger did not hear of it."""
        return self.known is not None and self.known.state == PENDING and self.known.board_id == self.board_id
