"""How large the compiled firmware may be, by package, and how large it is: the same bytes that `ansim flash` sends."""

from host_tools.bundle import bundle

# What no package may outgrow unseen. One that shrinks has its ceiling lowered; one that must grow takes the bytes from another here.
BUDGETS = {
    "core": 10_900,
    "wire": 4_700,
    "drivers": 4_200,
    "shell": 10_700,
    "hal": 4_050,
    "": 1_250,  # board.py, compat.py, mac.py
}
GOAL_BYTES = 24_576  # of all of it


def compiled_bytes() -> dict[str, int]:
    """.mpy bytes of each package of `locker`; its own modules under ""."""
    sizes = dict.fromkeys(BUDGETS, 0)
    for path, data in bundle().items():
        _, top, *folders = path.split("/")
        if top == "locker":
            package = folders[0] if len(folders) > 1 else ""
            sizes[package] = sizes.get(package, 0) + len(data)
    return sizes
