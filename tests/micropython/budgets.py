"""How large the compiled firmware may be, by package, and how large it is: the same bytes that `ansim flash` sends."""

from host_tools.bundle import bundle

# A package that outgrows its share takes it from another one here, where it is seen.
BUDGETS = {
    "core": 6_500,
    "wire": 5_500,
    "drivers": 5_500,
    "shell": 4_000,
    "hal": 2_600,
    "": 1_600,  # board.py, compat.py, mac.py
}
TOTAL_BYTES_MAX = 24_576


def compiled_bytes() -> dict[str, int]:
    """.mpy bytes of each package of `locker`; its own modules under ""."""
    sizes = dict.fromkeys(BUDGETS, 0)
    for path, data in bundle().items():
        _, top, *folders = path.split("/")
        if top == "locker":
            package = folders[0] if len(folders) > 1 else ""
            sizes[package] = sizes.get(package, 0) + len(data)
    return sizes
