"""How large the compiled firmware may be, by linked module, and how large it is:
the same bytes that `ansim flash` sends.
"""

from pathlib import PurePosixPath

from host_tools.bundle.ready import bundle

# What no module may outgrow unseen. Their sum is the budget of all.
BUDGETS = {
    "contract": 1_700,
    "core": 14_300,
    "wire": 4_000,
    "drivers": 6_000,
    "shell": 15_500,
    "hal": 4_300,
    "esp32_tcp": 2_700,  # with a network only
    "names": 650,  # with a network and a host that has a name only
    "esp32_serial": 700,  # with a serial link only
    "esp32_rs485": 1_000,  # on a bus only
    "station": 500,  # on a bus only
    "format": 300,  # at provisioning only
    "__init__": 1_000,  # board.py, compat.py
}
TOTAL_BYTES = 52_000
# Of 192 KiB of 64-bit heap, which stand in for the 112,000 bytes that a plain ESP32 has with Wi-Fi connected
# (measured on the official image): 160,000 bytes here are about 92,000 there, and 20,000 stay free for what
# comes and goes.
HEAP_KIB_MAX = 192
LIVE_HEAP_BYTES = 160_000
# The same with the 32-bit pointers of an ESP32, without the port's own share.
LIVE_HEAP_BYTES_32 = 88_000
FREE_RUN_BYTES_DEBUG = 28_672  # with line numbers
FREE_RUN_BYTES = 32_768  # of the 192 KiB in one piece: more than twice the 8 KiB that the chip needs


def compiled_bytes() -> dict[str, int]:
    """.mpy bytes of each module of `locker`."""
    return {
        PurePosixPath(path).stem: len(data)
        for path, data in bundle().items()
        if path.startswith("/locker/") and path.endswith(".mpy")
    }
