"""`ansim provision` against the real interpreter, with a real ledger."""

import json
import os
import pty
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.bench.provision import incarnation
from host_tools.boards.board_file import load_board, to_board_json
from host_tools.bundle.ready import errand
from host_tools.device.port import Device
from host_tools.host.ledger.ledger import ENROLLED, PENDING, Cabinet, open_ledger
from locker.contract import records
from locker.contract.codes import RULE
from tests.system.flashed import flashed
from tests.system.virtual_port import VirtualPort, ansim, virtual_board


@pytest.fixture
def board(tmp_path: Path) -> Iterator[VirtualPort]:
    flashed(tmp_path / "flash.bin", "wall_12")
    with virtual_board(tmp_path) as found:
        yield found


def provision(
    board: VirtualPort, data: Path, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    place = ("--port", board.port, "--board", "wall_12", "--site", "mapo-3", "--data", str(data))
    return ansim("provision", *place, *options, **environment)


def refusal(ended: subprocess.CompletedProcess[str], exit_code: int = 1) -> str:
    assert ended.returncode == exit_code, ended.stdout + ended.stderr
    assert ended.stderr.startswith("ansim: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def on_board(board: VirtualPort, *names: str) -> list[dict | None]:
    """The objects in JSON files of the board."""
    with Device(board.port, errand) as device:
        contents = [device.call("files", "read", f"/{name}.json") for name in names]
    return [json.loads(content) if content else None for content in contents]


def journal(board: VirtualPort) -> tuple[int, int, int, int] | None:
    with Device(board.port, errand) as device:
        return device.call("service", "journal")


def enrolled(data: Path) -> list[Cabinet]:
    with open_ledger(data, create=False) as ledger:
        return ledger.cabinets()


def test_board_and_ledger_agree_and_the_cabinet_goes_into_service(board: VirtualPort, tmp_path: Path) -> None:
    ended = provision(board, tmp_path / "data", "--serial-link", "--number", "4", "--json")
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    identity, network, cabinet = on_board(board, "identity", "network", "board")
    assert identity is not None
    assert network == {"serial": True}
    assert cabinet == json.loads(json.dumps(to_board_json(load_board("wall_12"))))
    (known,) = enrolled(tmp_path / "data")
    assert (known.site, known.number, known.board_name, known.state) == ("mapo-3", 4, "wall_12", ENROLLED)
    assert (known.board_id.hex(), known.alias.hex()) == (identity["board_id"], identity["alias"])
    assert report["cabinet"] == identity["cabinet"] == 4
    with open_ledger(tmp_path / "data") as ledger:
        secrets = ledger.identity(known.alias)
        site = ledger.site("mapo-3")
    assert secrets is not None
    assert identity["master_secret"] == secrets.master_secret.hex()
    assert identity["ticket_secret"] == site.ticket_secret.hex()
    assert (identity["generation"], identity["rule"]) == (0, RULE)
    assert identity["site_id"] == site.site_id.hex()
    found = journal(board)
    assert found is not None
    assert found[0] == incarnation(known.board_id)
    assert identity["master_secret"] not in ended.stdout + ended.stderr
    assert identity["board_id"] not in ended.stdout + ended.stderr


def test_a_board_is_provisioned_once_unless_it_is_replaced(board: VirtualPort, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert provision(board, data, "--serial-link").returncode == 0
    before = on_board(board, "identity", "network", "board")
    assert "enrolled already, as cabinet 1 of mapo-3" in refusal(provision(board, data, "--serial-link"))
    assert "an identity that this ledger does not know" in refusal(
        provision(board, tmp_path / "other", "--serial-link")
    )
    assert on_board(board, "identity", "network", "board") == before
    planned = provision(board, data, "--serial-link", "--replace", "--dry-run")
    assert "would be retired" in planned.stdout
    assert on_board(board, "identity", "network", "board") == before
    ended = provision(board, data, "--serial-link", "--replace", "--language", "ko", "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["replaced"] is True
    after, network = on_board(board, "identity", "network")
    assert network == {"serial": True, "language": "ko"}
    assert before[0] is not None
    assert after is not None
    assert after["board_id"] != before[0]["board_id"]
    assert [one.board_id.hex() for one in enrolled(data)] == [after["board_id"]]
    with Device(board.port, errand) as device:
        device.execute(f"BOOTED, DOUBT = {records.BOOTED}, {records.JOURNAL_DOUBT}\n{NO_DOUBT}")


def test_a_number_that_is_taken_is_refused_and_nothing_is_written(board: VirtualPort, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert provision(board, data, "--serial-link", "--number", "7").returncode == 0
    second = tmp_path / "second"
    second.mkdir()
    with virtual_board(second, "wall_12", "--uid", "aabbccddeeff") as other:
        assert ansim("flash", "--port", other.port).returncode == 0
        assert "has a cabinet 7 already" in refusal(provision(other, data, "--serial-link", "--number", "7"))
        assert on_board(other, "identity", "board", "network") == [None, None, None]
        assert "would be provisioned" in provision(other, data, "--serial-link", "--dry-run").stdout
        assert on_board(other, "identity") == [None]
        ended = provision(other, data, "--serial-link", "--json")
        assert json.loads(ended.stdout)["cabinet"] == 1
    assert [one.number for one in enrolled(data)] == [1, 7]


def test_the_wifi_password_comes_from_the_environment_and_goes_to_the_board_only(
    board: VirtualPort, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        way = ("--host", host, "--wifi", "Mapo 3")
        assert "password of the network" in refusal(provision(board, tmp_path / "data", *way), 2)
        assert "8 to 63" in refusal(provision(board, tmp_path / "data", *way, ANSIM_WIFI_PASSWORD="short"), 2)
        ended = provision(board, tmp_path / "data", *way, ANSIM_WIFI_PASSWORD="correct horse")
    assert ended.returncode == 0, ended.stderr
    (network,) = on_board(board, "network")
    assert network == {
        "host": "127.0.0.1",
        "port": server_port(host),
        "wifi": {"ssid": "Mapo 3", "password": "correct horse"},
    }
    assert "correct horse" not in ended.stdout + ended.stderr
    for file in (tmp_path / "data").iterdir():
        assert b"correct horse" not in file.read_bytes()


def server_port(host: str) -> int:
    return int(host.rpartition(":")[2])


def test_the_help_number_of_a_site_is_on_its_boards_and_in_the_ledger(
    board: VirtualPort, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    ended = provision(board, data, "--serial-link")
    assert "names no help number" in ended.stdout
    ended = provision(board, data, "--serial-link", "--replace", "--help-number", "02-123-4567", "--json")
    assert json.loads(ended.stdout)["help_number"] == "02-123-4567"
    ended = provision(board, data, "--serial-link", "--replace")  # as the site has it
    assert "help number" not in ended.stdout
    (network,) = on_board(board, "network")
    assert network == {"serial": True, "help": "02-123-4567"}
    with open_ledger(data) as ledger:
        (known,) = ledger.cabinets()
        identity = ledger.identity(known.alias)
    assert identity is not None
    assert identity.help_number == "02-123-4567"


def test_a_host_that_does_not_answer_is_refused_unless_told_not_to_ask(
    board: VirtualPort, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
    assert "No host answers at" in refusal(provision(board, tmp_path / "data", "--host", host))
    assert not (tmp_path / "data").exists()
    assert provision(board, tmp_path / "data", "--host", host, "--host-unchecked").returncode == 0


def test_a_board_without_firmware_or_of_another_chip_is_refused(tmp_path: Path) -> None:
    with virtual_board(tmp_path) as board:
        assert "run `ansim flash" in refusal(provision(board, tmp_path / "data", "--serial-link"))
        place = ("--port", board.port, "--board", "devkit_4", "--site", "s", "--data", str(tmp_path / "data"))
        assert "devkit_4 has an esp32" in refusal(
            ansim("provision", *place, "--host", "127.0.0.1:1", "--host-unchecked")
        )
        assert not (tmp_path / "data").exists()


def test_a_data_folder_that_others_can_read_is_refused(board: VirtualPort, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    assert f"chmod 700 {data}" in refusal(provision(board, data, "--serial-link"))
    assert on_board(board, "identity") == [None]
    data.chmod(0o700)
    assert provision(board, data, "--serial-link").returncode == 0
    assert all(stat.S_IMODE(os.stat(file).st_mode) == 0o600 for file in data.iterdir())


#: Has the process die in the middle of the write in which the N-th byte goes to the board,
#: or (N = 0) when the ledger is to confirm.
DOOMED = """
import os, signal
from host_tools.device import port
from host_tools.host.ledger.ledger import Ledger

class Doomed(port.Traffic):
    def write(self, data):
        left = BYTE - self.sent
        if left < 0 or left > len(data):
            os.truncate(TOTAL, self.sent + len(data))
            return super().write(data)
        super().write(data[:left])
        self._port.flush()
        os.kill(os.getpid(), signal.SIGKILL)

port.Traffic = Doomed
if not BYTE:
    Ledger.confirm = lambda ledger, board_id: os.kill(os.getpid(), signal.SIGKILL)
"""


def doomed(board: VirtualPort, data: Path, byte: int) -> int:
    """Provisions and is killed: 0; the number of bytes it sent when it had ended before that one."""
    total = data.with_name("total")  # as long as that number
    total.touch()
    place = (
        "--port",
        board.port,
        "--board",
        "wall_12",
        "--site",
        "mapo-3",
        "--serial-link",
        "--data",
        str(data),
    )
    ended = ansim("provision", *place, first=f"BYTE, TOTAL = {byte}, {str(total)!r}\n{DOOMED}")
    assert ended.returncode in (0, -9), ended.stderr
    return total.stat().st_size if ended.returncode == 0 else 0


def test_killed_anywhere_the_next_run_recovers_with_one_enrolment(tmp_path: Path) -> None:
    flashed(tmp_path / "flash.bin", "wall_12")
    with virtual_board(tmp_path) as board:
        total = doomed(board, tmp_path / "whole", 1 << 30)
        resumed = 0
        for percent in (10, 60, 75, 90, 97, 0):
            data, byte = tmp_path / f"data{percent}", total * percent // 100
            with Device(board.port, errand) as device:
                device.execute(BLANK)
            assert not doomed(board, data, byte)
            known = enrolled(data) if data.exists() else []
            assert [one.state for one in known] in ([], [PENDING])
            ended = provision(board, data, "--serial-link", "--json")
            assert ended.returncode == 0, (percent, ended.stderr)
            resumed += json.loads(ended.stdout)["resumed"]
            (cabinet,) = enrolled(data)
            identity, network = on_board(board, "identity", "network")
            assert identity is not None
            assert (cabinet.state, cabinet.number, cabinet.board_id.hex()) == (
                ENROLLED,
                1,
                identity["board_id"],
            )
            assert network == {"serial": True}
            found = journal(board)
            assert found is not None
            assert found[0] == incarnation(cabinet.board_id)
        assert resumed >= 1


#: The first block of the journal says that the board was in service, and nothing of doubt: the second copy of
#: its numbers began anew too. And it has a seed.
NO_DOUBT = """
from esp32 import Partition
block = bytearray(4096)
Partition.find(Partition.TYPE_DATA, label="journal")[0].readblocks(0, block)
kinds = [block[16 + 24 * slot] for slot in range(170)]
assert BOOTED in kinds and DOUBT not in kinds
from esp32 import NVS
seed = bytearray(40)  # planted by the host, and counted by each boot since
assert NVS("ansim").get_blob("seed", seed) == 40
assert seed[39] > 0 and len(set(seed[:32])) > 8
"""

#: Takes a board's provisioning away: no identity, no records.
BLANK = """
import os
from esp32 import Partition
for name in ("board", "identity", "network"):
    try:
        os.remove("/" + name + ".json")
    except OSError:
        pass
journal = Partition.find(Partition.TYPE_DATA, label="journal")[0]
for block in range(128):
    journal.ioctl(6, block)
"""


def test_a_number_that_is_taken_is_told_before_any_board_is_disturbed(
    board: VirtualPort, tmp_path: Path
) -> None:
    assert provision(board, tmp_path / "data", "--serial-link").returncode == 0
    before = board.flash.read_bytes()
    master, slave = pty.openpty()
    try:
        place = (
            "--port",
            os.ttyname(slave),
            "--board",
            "wall_12",
            "--site",
            "mapo-3",
            "--data",
            str(tmp_path / "data"),
        )
        assert "has a cabinet 1 already" in refusal(
            ansim("provision", *place, "--serial-link", "--number", "1")
        )
    finally:
        os.close(master)
        os.close(slave)
    assert "has a cabinet 1 already" in refusal(
        provision(board, tmp_path / "data", "--serial-link", "--number", "1")
    )
    assert board.flash.read_bytes() == before


def test_what_is_refused_and_what_is_only_tried_leaves_no_ledger_and_nothing_in_one(
    board: VirtualPort, tmp_path: Path
) -> None:
    names = ("identity", "network", "board")
    for options in (("--dry-run",), ("--dry-run", "--number", "7")):
        assert provision(board, tmp_path / "data", "--serial-link", *options).returncode == 0
        assert not (tmp_path / "data").exists()
    assert on_board(board, *names) == [None, None, None]
    assert journal(board) is None
    assert provision(board, tmp_path / "data", "--serial-link").returncode == 0
    known, kept = enrolled(tmp_path / "data"), on_board(board, *names)
    assert "this ledger does not know" in refusal(provision(board, tmp_path / "other", "--serial-link"))
    assert not (tmp_path / "other").exists()
    assert (
        provision(
            board, tmp_path / "data", "--serial-link", "--dry-run", "--replace", "--site", "new"
        ).returncode
        == 0
    )
    assert (enrolled(tmp_path / "data"), on_board(board, *names)) == (known, kept)
    with open_ledger(tmp_path / "data") as ledger:
        assert ledger.sites() == ["mapo-3"]
