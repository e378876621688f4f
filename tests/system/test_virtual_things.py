"""What people have left in a virtual cabinet is there when its program is started again, however it ended."""

import json
import signal
from pathlib import Path

from .conftest import PATIENCE_S, Board


def test_a_parcel_lies_behind_its_door_after_a_restart_and_after_a_kill(tmp_path: Path) -> None:
    with Board(tmp_path) as board:
        for act in ("force", "put", "close"):
            board.hands(act, "3")
    killed = Board(tmp_path)
    for act in ("force", "put"):
        killed.hands(act, "5")
    killed.process.send_signal(signal.SIGKILL)
    killed.process.communicate(timeout=PATIENCE_S)
    with Board(tmp_path) as board:
        doors = {door["number"]: door for door in json.loads(board.hands("state", "--json"))["doors"]}
    assert [number for number, door in doors.items() if door["parcel"]] == [3, 5]
    assert (doors[3]["position"], doors[3]["latch"], doors[5]["position"]) == ("shut", "latched", "open")
