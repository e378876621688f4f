"""Runs on another machine than `ansim serve`, in another building: hears its heartbeats, and calls somebody
when they stop.

    python outside_monitor.py --listen 0.0.0.0:8099 --path /beat-7f3a --page "./call-min.sh"

and on the host, in the file heartbeat.url of its data folder (mode 0600): http://MONITOR:8099/beat-7f3a

A beat comes each minute. When none has come for 150 s the program behind --page is run with one sentence as
its argument, and again each 5 min until beats come again: somebody hears of a dead host within 3 minutes.
That program may send an SMS, ring a bell or write a mail; try it with --try. The path is the only secret:
choose one that nobody guesses, and put a proxy with TLS before this where the way leads over the internet.
"""

import argparse
import shlex
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

QUIET_S = 150.0  # without a beat, from which on somebody is called
AGAIN_S = 300.0
LOOK_S = 5.0


class Monitor:
    """When the last beat came, and whether somebody is to be called. Times in seconds of any steady clock."""

    def __init__(self, at_s: float) -> None:
        self._beat_s = at_s  # a host that never beats is as dead as one that has stopped
        self._paged_s: float | None = None

    def beat(self, at_s: float) -> None:
        """A beat has come."""
        self._beat_s = at_s

    def look(self, at_s: float) -> str:
        """The sentence that somebody is to be told now; empty for none."""
        quiet_s = at_s - self._beat_s
        if quiet_s < QUIET_S:
            was_paged, self._paged_s = self._paged_s is not None, None
            return "The host of the parcel lockers is back." if was_paged else ""
        if self._paged_s is not None and at_s - self._paged_s < AGAIN_S:
            return ""
        self._paged_s = at_s
        return f"The host of the parcel lockers has been silent for {quiet_s:.0f} s: no bell reaches anybody."


def serve(monitor: Monitor, address: tuple[str, int], path: str) -> ThreadingHTTPServer:
    """Listens for beats in threads of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_beat = self.path == path
            if is_beat:
                monitor.beat(time.monotonic())
            self.send_response(204 if is_beat else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: the path is a secret."""

    server = ThreadingHTTPServer(address, Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def call(program: str, sentence: str) -> bool:
    """Runs the program that calls somebody; one that fails is said, and run again in its turn.

    Whether it called.
    """
    try:
        subprocess.run([*shlex.split(program), sentence], check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"Nobody was called: {error}", file=sys.stderr, flush=True)
        return False
    return True


def main() -> None:
    """Watches until it is ended; after --try ends with 1 where nobody was called."""
    parser = argparse.ArgumentParser(description="Calls somebody when the heartbeats of a host stop.")
    parser.add_argument("--listen", default="127.0.0.1:8099", metavar="HOST:PORT")
    parser.add_argument("--path", required=True, help="of the address that beats come to, with its slash")
    parser.add_argument("--page", required=True, metavar="PROGRAM", help="what calls somebody")
    parser.add_argument("--try", action="store_true", dest="is_try", help="call somebody now, and end")
    given = parser.parse_args()
    if given.is_try:
        sys.exit(0 if call(given.page, "This is a test of the outside monitor.") else 1)
    host, _, port = given.listen.rpartition(":")
    monitor = Monitor(time.monotonic())
    serve(monitor, (host, int(port)), given.path)
    while True:
        time.sleep(LOOK_S)
        sentence = monitor.look(time.monotonic())
        if sentence:
            call(given.page, sentence)


if __name__ == "__main__":
    main()
