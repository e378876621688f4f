"""What `ansim provision` refuses, before it has changed anything."""

from host_tools.bench.provision_request import Found, Request
from host_tools.errors import UserError
from host_tools.host.ledger.ledger import PENDING, AlreadyEnrolledError, Cabinet, Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.parcels import parcels
from host_tools.host.parcels.parcels import listing


def refuse_number(request: Request, ledger: Ledger | None) -> None:
    """Refuses a number that a cabinet in service has, whichever board it is:
    before any board is disturbed.
    """
    if ledger is None or request.replace:
        return
    known = [(one.site, one.number) for one in ledger.cabinets() if one.state != PENDING]
    if (request.site, request.number) in known:
        raise _numbertaken(request)


def _numbertaken(request: Request) -> AlreadyEnrolledError:
    return AlreadyEnrolledError(
        f"{request.site} has a cabinet {request.number} already: choose another number, "
        "or put this board in the place of its board with --replace."
    )


def refuse(request: Request, found: Found, ledger: Ledger | None) -> None:
    """Refuses what the board, the ledger and the request together do not allow:
    raises AlreadyEnrolledError, UserError.
    """
    known = found.known
    if found.is_half_done:
        return
    if request.replace:
        _refuse_nothing_to_replace(request, found, ledger)
        _refuse_leaving_parcels(request, known, ledger)
        _refuse_lost_doors(request, found, ledger)
        return
    if taken(request, found, ledger):
        raise _numbertaken(request)
    loses = (
        " --replace retires that and discards what the host does not "
        f"have of its journal ({found.unsent} events)."
    )
    if known and known.state != PENDING:
        raise AlreadyEnrolledError(
            f"This board is enrolled already, as cabinet {known.number} of {known.site}.{loses}"
        )
    if found.board_id and not (known and known.state == PENDING):
        raise AlreadyEnrolledError(
            "This board has an identity that this ledger does not know: "
            f"use the ledger that enrolled it.{loses}"
        )
    if found.board_id or found.records:
        raise AlreadyEnrolledError(
            f"This board's journal holds {found.records} records of an earlier identity.{loses}"
        )


def _refuse_nothing_to_replace(request: Request, found: Found, ledger: Ledger | None) -> None:
    """Refuses a new board in the place of a cabinet that is not there:
    a slip in its site or number would found another one.
    """
    if (
        ledger is None
        or request.number is None
        or found.known
        or found.board_id
        or taken(request, found, ledger)
    ):
        return
    raise UserError(
        f"There is no cabinet {request.number} at {request.site} whose place this board could take: check "
        "--site and --number (`ansim cabinet list` shows them), or leave out --replace for a new cabinet."
    )


def _refuse_leaving_parcels(request: Request, known: Cabinet | None, ledger: Ledger | None) -> None:
    """Refuses to make another cabinet of a board while parcels wait in the one that it is:
    nobody could open their doors by a code.
    """
    if ledger is None or known is None or known.state == PENDING:
        return
    if request.site == known.site and request.number in (None, known.number):
        return
    count = parcels.waiting_at(ledger, known.site, known.number)
    if count:
        what = "a parcel waits" if count == 1 else f"{count} parcels wait"
        raise AlreadyEnrolledError(
            f"This board is cabinet {known.number} of {known.site}, where {what}, and no code would open "
            "that door any more: let it be collected or recalled first, or put another board in its place "
            f"(`ansim provision --replace --site {known.site} --number {known.number}`)."
        )


def _refuse_lost_doors(request: Request, found: Found, ledger: Ledger | None) -> None:
    """Refuses a cabinet without a door behind which a parcel waits, or may:
    nobody could open it by a code any more.
    """
    doors = {door.number for door in request.board.definition.door}
    known = [found.known] if found.known and found.known.state != PENDING else []
    for cabinet in known + taken(request, found, ledger):
        lost = sorted({door for door in _full(ledger, cabinet) if door not in doors})
        if lost:
            named = ", ".join(f"{door:02}" for door in lost)
            raise AlreadyEnrolledError(
                f"Cabinet {cabinet.number} of {cabinet.site} has parcels behind doors {named}, which "
                f"{request.board.name} does not have: check --board, "
                "or let the parcels be collected first (`ansim parcel recall`)."
            )


def _full(ledger: Ledger | None, cabinet: Cabinet) -> list[int]:
    """The doors with a parcel inside, or perhaps inside."""
    inside = [one for one in listing(ledger) if one.state in ("waiting", "unknown")] if ledger else []
    return [one.door for one in inside if (one.site, one.cabinet) == (cabinet.site, cabinet.number)]


def taken(request: Request, found: Found, ledger: Ledger | None) -> list[Cabinet]:
    """The cabinet with the number that was asked for, when its board is another one."""
    wanted = (normal(request.site), request.number)
    return [
        one
        for one in (ledger.cabinets() if ledger else ())
        if one.uid != found.uid and (one.site, one.number) == wanted
    ]
