"""Who is on the other end of the port."""

import sys


def probe(patience_ms):
    """(implementation, version, .mpy version, platform, machine, unique
    id or None, whether deflate is there).

    From here on the application does not feed the watchdog, which no program can stop: it gets `patience_ms`,
    and so a board that is left in the raw REPL by a killed tool returns to its application by itself.
    """
    try:
        import machine

        if hasattr(machine, "WDT"):
            machine.WDT(timeout=patience_ms)
        uid = machine.unique_id()
    except (ImportError, AttributeError):
        uid = None
    try:
        import deflate
    except ImportError:
        deflate = None
    found = sys.implementation
    machine_name = getattr(found, "_machine", "")
    return (
        found.name,
        tuple(found.version[:3]),
        getattr(found, "_mpy", 0) & 0xFF,
        sys.platform,
        machine_name,
        uid,
        deflate is not None,
    )
