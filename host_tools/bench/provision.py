"""What `ansim provision` does: gives a board its identity,
its cabinet and its way to the host, and enters it in the ledger.

The ledger learns of the board first (pending), the board's files change as one set, and only then the ledger
counts the cabinet as enrolled. A run that is killed anywhere is recovered by the next one: a pending entry
whose identity reached the board is confirmed, any other is forgotten.
"""

import hashlib
import json
import os
import socket
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from host_tools.bench.flash import refuse_missing_journal, refuse_other_firmware, refuse_wrong_chip, verdict
from host_tools.bench.provision_refusals import refuse, refuse_number, taken
from host_tools.bench.provision_request import Found, Provisioned, Request
from host_tools.boards.board_file import to_board_json
from host_tools.bundle.contents import digest
from host_tools.bundle.ready import errand
from host_tools.device.install import Progress, install, survey
from host_tools.device.port import Device
from host_tools.errors import UserError
from host_tools.host.ledger import help_numbers
from host_tools.host.ledger.data_folder import data_folder
from host_tools.host.ledger.ledger import (
    PENDING,
    AlreadyEnrolledError,
    Enrolment,
    Ledger,
    Site,
    database_of,
    open_ledger,
)
from host_tools.host.ledger.names import checked_name, normal
from locker.contract.codes import RULE

_CONNECT_S_MAX = 5.0
_FILES = ("update.py", "boot.py", "main.py", "next/manifest")


def provision(
    request: Request,
    progress: Progress = lambda done, total: None,
    waiting: Callable[[str], None] = lambda sentence: None,
) -> Provisioned:
    """Provisions the board at a port and boots it;
    `progress(done, total)` counts erased blocks of the journal.

    What the request and the ledger say is looked at before the board is; a dry run, or one that is refused,
    leaves no ledger and nothing in one. `waiting` hears when the board's start takes long. Raises UserError:
    see `Device`; a name that is none; wrong chip; no firmware or journal partition; board or number enrolled
    already (AlreadyEnrolled); a journal of an earlier identity; provisioned, but not in service.
    """
    request = replace(request, site=checked_name("site", request.site))
    is_there = database_of(data_folder(request.data)).is_there()
    with open_ledger(request.data, create=False) if is_there else nullcontext() as ledger:
        refuse_number(request, ledger)
        with Device(request.port, errand) as device:
            report = _provision(request, device, ledger, progress)
            if request.dry_run:
                return report
            try:
                said = verdict(device.boot(waiting))
            except UserError as user_error:
                said = str(user_error)
    if said:
        raise UserError(
            f"Provisioned as cabinet {report.cabinet} of {report.site}, and that stays so, "
            f"but it is not in service: {said}",
            code="out_of_service",
            hint="",
        )
    return report


def _provision(request: Request, device: Device, ledger: Ledger | None, progress: Progress) -> Provisioned:
    """All but the start of the board;
    a ledger that is not there yet is made when nothing speaks against it any more.
    """
    refuse_wrong_chip(device, request.board)
    refuse_missing_journal(device)
    refuse_other_firmware(device)
    found = _look(device, ledger)
    refuse(request, found, ledger)
    if request.dry_run:
        return _planned(request, found)
    with nullcontext(ledger) if ledger else open_ledger(request.data) as opened:
        request = _with_help_number(request, opened)
        report = (
            _resume(request, device, found, opened)
            if found.is_half_done
            else _begin(request, device, found, opened, progress)
        )
        report.help_number = request.network.get("help", "")
        if request.help_number is not None:
            help_numbers.keep(opened, report.site, request.help_number)
    return report


def _show(progress: Progress, line: str) -> None:
    """Passes on how far a board says it is: two numbers; anything else that it prints is nobody's."""
    words = line.split()
    if len(words) == 2 and all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
        progress(int(words[0]), int(words[1]))


def _with_help_number(request: Request, ledger: Ledger) -> Request:
    """The same with the help number in its network.json, where there is one."""
    number = (
        help_numbers.of_site(ledger, request.site) if request.help_number is None else request.help_number
    )
    return replace(request, network=request.network | {"help": number}) if number else request


def _look(device: Device, ledger: Ledger | None) -> Found:
    uid = device.facts.uid
    if not uid:
        raise UserError(
            f"The chip on {device.name} has no identity of its own (machine.unique_id): "
            "it cannot be enrolled."
        )
    identity = device.call("service", "who")
    journal = device.call("service", "journal") or (0, 0, 0, 0)
    board_id = bytes.fromhex(identity[0]) if identity else None
    return Found(uid, ledger.enrolled(uid) if ledger else None, board_id, journal[1], journal[2] - journal[3])


def _retired(request: Request, found: Found) -> list[str]:
    """Those of them that are no longer there afterwards: the board becomes another cabinet."""
    known = found.known
    if (
        not known
        or known.state == PENDING
        or (known.site, known.number) == (normal(request.site), request.number or known.number)
    ):
        return []
    return [f"cabinet {known.number} of {known.site}"]


def _planned(request: Request, found: Found) -> Provisioned:
    number = found.known.number if found.is_half_done and found.known else request.number
    return Provisioned(
        request.site,
        number,
        request.board.name,
        found.uid.hex(),
        resumed=found.is_half_done,
        replaced=request.replace and found.board_id is not None,
        discarded_events=found.unsent if request.replace else 0,
        retired=_retired(request, found),
    )


def _resume(request: Request, device: Device, found: Found, ledger: Ledger) -> Provisioned:
    """Ends a provisioning that was killed after the identity reached the board:
    only the ledger's word is missing.
    """
    known = found.known
    if known is None:
        raise ValueError("nothing to resume")
    _write(device, _settings(request))
    ledger.confirm(known.board_id)
    if request.site != known.site or request.number not in (None, known.number):
        raise AlreadyEnrolledError(
            f"An earlier run had given this board its identity as cabinet {known.number} of {known.site}, "
            "and that is now in force; --replace makes it another cabinet."
        )
    return Provisioned(
        known.site, known.number, request.board.name, found.uid.hex(), known.alias.hex(), resumed=True
    )


def _begin(request: Request, device: Device, found: Found, ledger: Ledger, progress: Progress) -> Provisioned:
    number = request.number
    if found.known and found.known.state == PENDING:
        ledger.forget(found.uid)
    elif found.known:
        ledger.retire(found.uid)
        if number is None and found.known.site == request.site:
            number = found.known.number  # it stays the same cabinet, and its parcels stay where they are
    for replaced in taken(request, found, ledger):
        ledger.retire(replaced.uid)
    site = ledger.site(request.site)
    board_id, alias, secret, nonce_host, nonce_board = (os.urandom(size) for size in (8, 4, 32, 8, 8))
    name = request.board.name
    enrolment = Enrolment(
        board_id, alias, found.uid, site.name, number, name, secret, nonce_host, nonce_board, site.generation
    )
    number = ledger.enrol(enrolment)
    try:
        device.call(
            "service",
            "start_journal",
            incarnation(board_id),
            timeout_s=60,
            on_line=lambda line: _show(progress, line),
        )
        device.call("service", "plant", os.urandom(32))
        device.start_afresh()  # the firmware is in its memory, and not much besides has room
        _write(device, _settings(request) | {"/identity.json": _identity(enrolment, site, number)})
    except UserError:
        _take_back(device, ledger, found.uid, board_id)
        raise
    ledger.confirm(board_id)
    return Provisioned(
        site.name,
        number,
        name,
        found.uid.hex(),
        alias.hex(),
        replaced=found.board_id is not None,
        discarded_events=found.unsent,
        retired=_retired(request, found),
    )


def _take_back(device: Device, ledger: Ledger, uid: bytes, board_id: bytes) -> None:
    """Forgets the pending entry when the board answers that it does not have the identity;
    else the next run finds out.
    """
    try:
        identity = device.call("service", "who")
    except UserError:
        return
    if not identity or identity[0] != board_id.hex():
        ledger.forget(uid)


def _write(device: Device, files: dict[str, bytes]) -> None:
    install(device, survey(device, (), _FILES), files, [])
    if device.call("files", "digest", (), [path[1:] for path in files]) != digest(files):
        raise UserError(
            "The board does not hold what was written: run the command again; "
            "if that repeats, its flash is worn out."
        )


def _settings(request: Request) -> dict[str, bytes]:
    return {"/board.json": _json(to_board_json(request.board)), "/network.json": _json(request.network)}


def _identity(enrolment: Enrolment, site: Site, number: int) -> bytes:
    names = ("board_id", "alias", "master_secret", "nonce_host", "nonce_board")
    fields: dict[str, Any] = {name: getattr(enrolment, name).hex() for name in names}
    secret = {"ticket_key" if site.is_old else "ticket_secret": site.ticket_secret.hex()}
    return _json(
        fields
        | secret
        | {"site_id": site.site_id.hex(), "cabinet": number, "generation": enrolment.generation, "rule": RULE}
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def incarnation(board_id: bytes) -> int:
    """The incarnation of the first journal under an identity:
    32 bits that are as random as the board_id, and can be told again from it.
    """
    return int.from_bytes(hashlib.sha256(b"journal" + board_id).digest()[:4], "big")


def check_host(host: str, port: int) -> None:
    """Connects once; UserError when nobody listens there."""
    try:
        socket.create_connection((host, port), _CONNECT_S_MAX).close()
    except OSError as error:
        raise UserError(
            f"No host answers at {host}:{port} ({error.strerror or 'no such name or no answer'}): start "
            "`ansim serve` there, or add --host-unchecked when only the cabinet's own network reaches it."
        ) from None
