"""How large the compiled firmware may be, by linked module, and how large it is: the same bytes that `ansim flash` sends."""

from pathlib import PurePosixPath

from host_tools.bundle import bundle

# What no module may outgrow unseen. One that shrinks has its ceiling lowered; one that must grow takes the bytes from another here.
BUDGETS = {
    "core": 11_100,
    "wire": 3_250,
    "drivers": 3_150,
    "shell": 10_450,
    "hal": 2_340,
    "esp32_tcp": 1_080,  # with a network only
    "esp32_serial": 330,  # with a serial link only
    "esp32_rs485": 680,  # on a bus only
    "station": 450,  # on a bus only
    "format": 150,  # at provisioning only
    "__init__": 1_050,  # board.py, compat.py, mac.py
}
TOTAL_BYTES = 36_864
# 64-bit, of the 144 KiB that stand in for an ESP32's: the rest is for what comes and goes.
LIVE_HEAP_BYTES = 124_800


def compiled_bytes() -> dict[str, int]:
    """.mpy bytes of each module of `locker`."""
    return {PurePosixPath(path).stem: len(data) for path, data in bundle().items() if path.startswith("/locker/") and path.endswith(".mpy")}
