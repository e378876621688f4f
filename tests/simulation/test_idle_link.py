"""What the link costs while nobody comes: a day of virtual time, every byte counted."""

from pathlib import Path

from host_tools.simulator.cpython_board.hal import SimulatedHal

from .stage import Cabinet, TestHost, make_flash

DAY_MS = 86_400_000
HEARTBEAT_MS = 300_000
DAY_BYTES_MAX = 24_000
STEP_MS = 2000  # instead of 20: nothing happens between two heartbeats but that the app looks for it


class SlowCabinet(Cabinet):
    """The same firmware, taking its steps two seconds apart: a day in seconds instead of minutes."""

    async def _program(self, hal: SimulatedHal) -> None:
        sleep_ms = hal.sleep_ms

        async def rest(ms: int) -> None:
            await sleep_ms(max(ms, STEP_MS))

        hal.sleep_ms = rest  # type: ignore[method-assign]
        await super()._program(hal)


def test_an_idle_day_takes_at_most_24_kilobytes_both_ways(tmp_path: Path) -> None:
    make_flash(tmp_path / "flash")
    with SlowCabinet(tmp_path / "flash") as cabinet:
        host = TestHost(cabinet.world)
        cabinet.run_until(DAY_MS)
    assert len(host.statuses) >= DAY_MS // HEARTBEAT_MS - 1
    assert host.received_bytes + host.sent_bytes <= DAY_BYTES_MAX
    assert host.sent_bytes >= 30 * len(host.statuses)  # each was answered
