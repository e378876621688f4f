"""What provisioning asks of a board that already has its firmware."""

import json

from locker.hal.esp32 import open_journal
from locker.shell.format import format_journal
from locker.shell.journal import Journal, JournalError
from locker.shell.random import NAME as SEED
from locker.shell.second_copy import NAME, TOLD


def who():
    """(board_id in hex, cabinet number) of this board's identity, None without a whole one.

    Its secrets stay where they are.
    """
    try:
        with open("/identity.json") as file:
            data = json.load(file)
        return data["board_id"], data["cabinet"]
    except (OSError, ValueError, KeyError):
        return None


def journal():
    """(incarnation, how many records, number of the newest event, up to which the host has acknowledged);
    None when not initialised.
    """
    count = [0]

    def fold(record):
        count[0] += 1

    try:
        store = Journal(open_journal(), fold, None)
    except JournalError:
        return None
    return store.incarnation, count[0], store.next_number - 1, store.acknowledged


def start_journal(incarnation):
    """Erases the journal and starts an empty one, and the second copy of its numbers; prints how far it is.

    What was told once will be told again.
    """
    flash = open_journal()
    format_journal(flash, incarnation, print)
    flash.marks.set_blob(NAME, bytes(12))
    flash.marks.set_blob(TOLD, bytes(1))
    flash.marks.commit()


def plant(seed):
    """Keeps the 32 bytes that everything random on the board grows from; see locker.shell.random."""
    marks = open_journal().marks
    marks.set_blob(SEED, seed + bytes(8))
    marks.commit()
