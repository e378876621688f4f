"""The channels of a host, made: which one each letter goes by."""

import contextlib
from collections.abc import Mapping
from typing import NamedTuple

from host_tools.host.ledger.data_folder import PAGES
from host_tools.host.notify.channels import CHANNELS
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.notify.deliveries import Queue
from host_tools.host.notify.notifier import Channel, Setup
from host_tools.host.notify.routes import ANY, Route, Routes


class Lines(NamedTuple):
    """The channels of a host, made: for each queue the one that it goes by."""

    routes: Routes
    channels: Mapping[Queue, Channel]

    @classmethod
    def single(cls, channel: Channel, name: str = "only") -> "Lines":
        """One channel for all letters."""
        routes = Routes({name: (name, {})}, {ANY: name}, Route(name))
        return cls(routes, {Queue(name, staff): channel for staff in (False, True)})

    @classmethod
    def made(cls, routes: Routes, setup: Setup) -> "Lines":
        """The channels of routes. Raises UserError when one cannot be used."""
        channels: dict[Queue, Channel] = {}
        for name in dict.fromkeys((*routes.by_address.values(), routes.staff.channel)):
            own = routes.make(name, setup)
            channels[Queue(name, False)] = channels[Queue(name, True)] = own
            if own.apart and name == routes.staff.channel:
                channels[Queue(name, True)] = routes.make(name, setup)
        return cls(routes, channels)

    async def close(self) -> None:
        """Closes the channels."""
        for channel in {id(one): one for one in self.channels.values()}.values():
            with contextlib.suppress(OSError):
                await channel.close()


class Ways:
    """The channels by which people on call are paged: objects of their own, apart from all letters."""

    def __init__(
        self, routes: Routes, channels: Mapping[str, Channel], cap: tuple[Channel, str] | None = None
    ) -> None:
        """`cap` is the channel by which alarms go out as CAP 1.2, and the address there."""
        self._routes = routes
        self.cap = cap
        self.channels = channels

    @classmethod
    def made(cls, routes: Routes, setup: Setup) -> "Ways":
        """Those of routes; a file has one of its own. Raises UserError when one cannot be used."""
        names = dict.fromkeys(routes.by_address.values())
        cap = routes.cap and (routes.make(routes.cap.channel, setup), routes.cap.address)
        return cls(routes, {name: _paging(routes, name, setup) for name in names}, cap)

    def channel_for(self, address: str) -> str:
        """The name of the channel of an address. Raises KeyError when there is none."""
        found = self._routes.channel_for(address)
        if not found:
            raise KeyError(NO_WAY)
        return found


NO_WAY = "no channel is for this kind of address"


def _paging(routes: Routes, name: str, setup: Setup) -> Channel:
    kind, told = routes.kinds[name]
    if kind == "file":
        return FileNotifier(setup.folder / PAGES)
    return CHANNELS[kind].of(setup._replace(settings=told, name=name))
