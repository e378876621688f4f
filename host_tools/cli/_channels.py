"""By which channels people are told: what `ansim serve` was asked for, or what channels.toml says."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from host_tools.host.ledger.data_folder import DISPATCHER
from host_tools.host.notify.channels import CHANNELS
from host_tools.host.notify.channels.file import FileNotifier, refuse_shared
from host_tools.host.notify.notifier import Setup

if TYPE_CHECKING:
    from host_tools.host.notify.lines import Lines, Ways
    from host_tools.host.notify.routes import Routes
    from host_tools.host.postman import Desk

_DEFAULT = next(iter(CHANNELS))
_Command = TypeVar("_Command", bound=Callable[..., object])


def notify_options(command: _Command) -> _Command:
    """`--notify`, and the options that channels have of their own, None where they are not given."""
    for channel in CHANNELS.values():
        for one in channel.options:
            command = click.option(f"--{one.name}", metavar=one.metavar, help=one.help)(command)
    chosen = [name for name, channel in CHANNELS.items() if channel.by_option]
    words = f"One channel for all letters, whatever DIR/channels.toml says.  [default: {_DEFAULT}]"
    return click.option("--notify", type=click.Choice(chosen), help=words)(command)


def settings_of(notify: str | None, given: Mapping[str, str | None]) -> dict[str, str]:
    """The values of a channel's options, from what was given.

    Raises UsageError for one that lacks, and for one of another channel.
    """
    notify = notify or _DEFAULT
    options = {option.name: option for option in CHANNELS[notify].options}
    named = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    for name in named.keys() - options.keys():
        hint = "leave it out, or name its channel with --notify"
        raise click.UsageError(f"--{name} is no option of --notify {notify}: {hint}.")
    found = {name: named.get(name, option.default) for name, option in options.items()}
    for name, value in found.items():
        if value is None:
            raise click.UsageError(f"--notify {notify} needs --{name} {options[name].metavar} too.")
    return {name: value for name, value in found.items() if value is not None}


def ways(
    setup: Setup, notify: str | None, given: Mapping[str, str | None], dispatcher: Path | None
) -> "tuple[Lines, Desk, Ways]":
    """The channels of letters, that of silent alarms, and those of pages.

    `dispatcher` is the file that was named for silent alarms. Raises UserError where one cannot be used.
    """
    from host_tools.host.notify.lines import Lines, Ways
    from host_tools.host.notify.routes import Routes
    from host_tools.host.postman import Desk

    routes = None if notify else Routes.of(setup.folder)
    routes = routes or Routes.single(notify or _DEFAULT, settings_of(notify, given))
    desk = None if dispatcher else _desk(routes, setup)
    if desk is None:
        option = "--dispatcher" if dispatcher else "--data"
        path = dispatcher or setup.folder / DISPATCHER
        refuse_shared(path, setup.folder, option)
        desk = Desk(FileNotifier(path, option))
    return Lines.made(routes, setup), desk, Ways.made(routes, setup)


def _desk(routes: "Routes", setup: Setup) -> "Desk | None":
    from host_tools.host.postman import Desk

    route = routes.dispatchers
    if route is None:
        return None
    kind, told = routes.kinds[route.channel]
    if kind == "file":
        path: Any = setup.folder / (told.get("path") or DISPATCHER)
        refuse_shared(path, setup.folder, f"`path` of [{route.channel}]")
        return Desk(FileNotifier(path, f"`path` of [{route.channel}]"), route.address)
    return Desk(routes.make(route.channel, setup), route.address)
