"""`ansim provision --replace` when the cabinet that goes has parcels inside."""

from pathlib import Path

import pytest

from host_tools.bench.provision import _retired
from host_tools.bench.provision_refusals import refuse
from host_tools.bench.provision_request import Found, Request
from host_tools.boards.board_file import load_board
from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger, open_ledger
from tests.kit.host_board import enrol, enrolment

WALL, KIT = load_board("wall_12"), load_board("devkit_4")


@pytest.fixture
def ledger(tmp_path: Path):
    """One wall_12, and a parcel behind its door 08."""
    with open_ledger(tmp_path / "data") as opened:
        opened.site("mapo-3")
        made = enrol(opened)
        with opened.writing() as connection:
            cabinet = connection.execute(
                tables.cabinet.select().where(tables.cabinet.c.uid == made.uid)
            ).one()
            connection.execute(
                tables.parcel.insert().values(
                    cabinet=cabinet.id,
                    incarnation=1,
                    epoch=1,
                    door=8,
                    counter=1,
                    retry=0,
                    serial=1,
                    state="waiting",
                    flagged=False,
                    deposited_ms=1,
                )
            )
        yield opened


def found(ledger: Ledger, uid: bytes) -> Found:
    return Found(uid, ledger.enrolled(uid), b"8 bytes.", 3, 0)


def test_a_cabinet_with_a_parcel_inside_stays_that_cabinet(ledger: Ledger) -> None:
    old, new = enrolment().uid, b"uid-02"
    for request, uid in (
        (Request("p", WALL, "mapo-3", {}, number=5, replace=True), old),  # the same board, another cabinet
        (Request("p", WALL, "hongdae", {}, replace=True), old),
        # The same cabinet, without door 08.
        (Request("p", KIT, "mapo-3", {}, replace=True, dry_run=True), old),
        (Request("p", KIT, "mapo-3", {}, number=1, replace=True), new),  # another board in its place
    ):
        with pytest.raises(
            UserError,
            match=r"a parcel waits, and no code would open|has parcels behind doors 08, "
            r"which devkit_4 does not have",
        ):
            refuse(request, found(ledger, uid), ledger)
    for request, uid in (
        (Request("p", WALL, "mapo-3", {}, replace=True), old),
        (Request("p", WALL, "mapo-3", {}, number=1, replace=True), new),
        (Request("p", KIT, "mapo-3", {}, number=2, replace=True), new),
    ):
        refuse(request, found(ledger, uid), ledger)


def test_a_new_board_takes_the_place_of_no_cabinet_that_is_not_there(ledger: Ledger) -> None:
    new = Found(b"uid-02", None, None, 0, 0)
    for site, number in (("mapo-3", 7), ("maop-3", 1)):
        with pytest.raises(
            UserError,
            match=f"There is no cabinet {number} at {site} whose place this board could take: check --site",
        ):
            refuse(Request("p", WALL, site, {}, number=number, replace=True), new, ledger)
    refuse(Request("p", WALL, "mapo-3", {}, number=1, replace=True), new, ledger)
    refuse(Request("p", WALL, "mapo-3", {}, replace=True), new, ledger)


def test_a_board_that_becomes_another_cabinet_is_told_to_leave_the_list(ledger: Ledger) -> None:
    known = found(ledger, enrolment().uid)
    assert _retired(Request("p", WALL, "mapo-3", {}, number=5, replace=True), known) == [
        "cabinet 1 of mapo-3"
    ]
    assert _retired(Request("p", WALL, "mapo-3", {}, replace=True), known) == []
