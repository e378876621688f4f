"""`ansim door`: what staff order for a door, whether a parcel waits behind it or not."""

from pathlib import Path

import click

from host_tools.cli._acting import open_ledger, reason_option
from host_tools.cli._place import door_options, tell
from host_tools.host.fleet import doors
from host_tools.host.ledger.places import Place


@click.group()
def command() -> None:
    """Take doors out of service and back, and let staff open them.

    \b
    Example: ansim door out --site mapo-3 --cabinet 2 --door 7
    """


@command.command()
@door_options
def out(site: str, cabinet: int, door: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Take a door out of service: no courier gets it.
    A parcel that is behind it can be collected all the same.

    \b
    Example: ansim door out --site mapo-3 --cabinet 2 --door 7
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        doors.set_out(ledger, place, is_out=True, dry_run=dry_run)
    tell(
        place,
        "out of service",
        "The door gets no more parcels as soon as the cabinet has heard of it.",
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command("in")
@door_options
def in_(site: str, cabinet: int, door: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Put a door back into service.

    \b
    Example: ansim door in --site mapo-3 --cabinet 2 --door 7
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        doors.set_out(ledger, place, is_out=False, dry_run=dry_run)
    tell(
        place,
        "back in service",
        "The door gets parcels again as soon as the cabinet has heard of it.",
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command()
@reason_option("door service")
@door_options
def service(site: str, cabinet: int, door: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Arm a service code: 12 digits with which staff open the door once, empty or not.
    Staff are sent it when the cabinet knows it.

    Where a parcel waits behind the door its resident is told of the opening.

    \b
    Example: ansim door service --site mapo-3 --cabinet 2 --door 7
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        doors.arm_service(ledger, place, dry_run=dry_run)
    tell(
        place,
        "service code",
        "Staff are sent the code as soon as the cabinet knows it; it opens the door once.",
        dry_run=dry_run,
        as_json=as_json,
    )


@command.command()
@door_options
def disarm(site: str, cabinet: int, door: int, dry_run: bool, data: Path | None, as_json: bool) -> None:
    """Take back a recall or service code that was not used.

    \b
    Example: ansim door disarm --site mapo-3 --cabinet 2 --door 7
    """
    place = Place(site, cabinet, door)
    with open_ledger(data, create=False) as ledger:
        doors.disarm(ledger, place, dry_run=dry_run)
    tell(
        place,
        "disarm",
        "No code of staff opens the door as soon as the cabinet has heard of it.",
        dry_run=dry_run,
        as_json=as_json,
    )
