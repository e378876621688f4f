"""Whatever fails at the start is tried again; only a board that is not provisioned waits for a person."""

import sys

from locker.shell import start as starting
from locker.shell.journal import JournalError

IDENTITY = {
    "board_id": "01",
    "alias": "02",
    "site_id": "03",
    "master_secret": "04",
    "nonce_host": "05",
    "nonce_board": "06",
}
IDENTITY.update({"ticket_key": "07", "cabinet": 1})


class Chip:
    """Counts its resets; what is asked to run is run."""

    def __init__(self):
        self.slept_ms = self.resets = 0

    async def sleep_ms(self, ms):
        self.slept_ms += ms

    def run(self, coroutine):
        for _ in range(2):
            try:
                coroutine.send(None)
            except StopIteration:
                return

    def reset(self):
        self.resets += 1


def started(error, files=None):
    """The chip after a start at which App raises that; `files` by name."""
    chip = Chip()

    def app(hal, identity, network):
        raise error

    def read_json(path):
        if files is None:
            return IDENTITY
        if path not in files:
            raise OSError(2)
        return files[path]

    kept = starting.App, starting.read_json
    starting.App, starting.read_json = app, read_json
    try:
        starting.start(lambda: chip)
    finally:
        starting.App, starting.read_json = kept
    return chip


def test_what_goes_wrong_at_the_start_is_tried_again_after_a_while():
    for error in (
        OSError(5),
        OSError("Wifi Not Initialized"),
        RuntimeError("Wifi Unknown Error 0x0101"),
        MemoryError(),
        ValueError("invalid pin"),
        KeyError("host"),
        TypeError("a mistake of ours"),
    ):
        chip = started(error)
        assert (chip.resets, chip.slept_ms) == (1, 5000), error


def test_a_board_that_was_never_flashed_or_provisioned_waits_for_a_person():
    assert started(JournalError("The journal is not initialised: run `ansim provision`.")).resets == 0
    for files in ({}, {"/identity.json": IDENTITY}, {"/network.json": {}}):
        assert started(None, files).resets == 0, files


def test_ctrl_c_ends_the_program_in_order_and_leaves_a_note():
    done = []

    class App:
        def __init__(self, hal, identity, network):
            pass

        def run(self):
            try:
                while True:
                    yield 20
            finally:
                done.append("coils off")

        def pause(self):
            done.append("note")

    class Interrupted(Chip):
        def run(self, coroutine):
            next(iter(coroutine))
            raise KeyboardInterrupt  # while it sleeps

    kept = starting.App, starting.read_json
    starting.App, starting.read_json = App, lambda path: IDENTITY
    try:
        starting.start(Interrupted)
    except KeyboardInterrupt:
        done.append("the REPL")
    finally:
        starting.App, starting.read_json = kept
    assert done == ["coils off", "note", "the REPL"]


def test_a_file_that_is_there_and_cannot_be_read_is_no_reason_to_wait_for_a_person():
    assert started(None, {"/identity.json": {}, "/network.json": {}}).resets == 1
    for error in (OSError(5), ValueError("syntax error in JSON")):

        def cannot(error=error):
            raise error

        try:
            starting.start(cannot)
            told = None
        except (OSError, ValueError) as raised:
            told = raised
        assert told is error, "main.py tries again"


class Ending:
    """An app that ends at its start, or when it `serves`."""

    def __init__(self, serves):
        self.serves = serves

    async def run(self):
        raise TypeError("a mistake of ours")


def test_an_app_that_ends_starts_afresh_at_once_and_after_a_pause_when_it_never_served():
    kept = starting.App, starting.read_json, getattr(sys, "print_exception", None)
    for serves, slept_ms in ((False, 5000), (True, 0)):
        chip = Chip()
        starting.App = lambda hal, identity, network, serves=serves: Ending(serves)
        starting.read_json = lambda path: IDENTITY
        if not kept[2]:
            sys.print_exception = lambda error: None
        try:
            starting.start(lambda chip=chip: chip)
        finally:
            starting.App, starting.read_json = kept[:2]
            if not kept[2]:
                del sys.print_exception
        assert chip.slept_ms == slept_ms
        assert chip.resets >= 1
