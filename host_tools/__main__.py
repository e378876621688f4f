"""`ansim` and `python -m host_tools`."""

import os
import signal
import sys

_INTERRUPTED = 130
_ERROR = '{"error": {"code": "interrupted", "message": "Interrupted.", "hint": ""}}\n'


def _end(*_: object) -> None:
    if "--json" in sys.argv:
        os.write(1, _ERROR.encode())
    os._exit(_INTERRUPTED)


def main() -> None:
    """The console script.

    Ctrl-C while it still loads, which takes a second on a slow computer, ends it as it does later on.
    """
    signal.signal(signal.SIGINT, _end)
    from host_tools.cli import main as begin

    signal.signal(signal.SIGINT, signal.default_int_handler)
    begin()


if __name__ == "__main__":
    main()
