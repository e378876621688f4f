"""Which channel a letter takes: by the kind of its address, as channels.toml in the data folder says.

    staff = { channel = "mail", address = "desk@example.org" }
    dispatchers = { channel = "desk" }

    [mail]
    kind = "smtp"
    for = ["email"]
    host = "mail.example.org"
    sender = "ansim@example.org"

Without that file all letters take one channel, the one of `ansim serve --notify`. The file may hold
passwords: nobody else may read it, and no sentence about it repeats what it says.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from host_tools.errors import UserError
from host_tools.host.notify import mistakes
from host_tools.host.notify.channels import CHANNELS
from host_tools.host.notify.notifier import Channel, Setup

CHANNELS_FILE = "channels.toml"
STAFF, DISPATCHERS, CAP = "staff", "dispatchers", "cap"
EMAIL, PHONE, ANY = "email", "phone", "*"

_OTHERS = 0o077
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_PLACES = (STAFF, DISPATCHERS, CAP)
_POSITION = re.compile(r"at line (\d+), column (\d+)")
_BYTES_MAX = 1_000_000


class Route(NamedTuple):
    """A channel's name, and the address there."""

    channel: str
    address: str = ""


class Routes:
    """The channels of a host by name, and which letter takes which."""

    def __init__(
        self,
        kinds: Mapping[str, tuple[str, Mapping[str, Any]]],
        by_address: Mapping[str, str],
        staff: Route,
        dispatchers: Route | None = None,
        cap: Route | None = None,
    ) -> None:
        """`kinds` says of what kind each channel is, and what it is told; `by_address` which one is for
        which kind of address.
        """
        self.kinds = kinds
        self.by_address = by_address
        self.staff = staff
        self.dispatchers = dispatchers
        self.cap = cap  # where alarms go as CAP 1.2
        self.takes_all = ANY in by_address and set(by_address) == {ANY}

    @classmethod
    def single(cls, kind: str, settings: Mapping[str, Any]) -> "Routes":
        """One channel for everybody, whatever their addresses are, and for those that have none."""
        return cls({kind: (kind, settings)}, {ANY: kind}, Route(kind))

    @classmethod
    def of(cls, folder: Path) -> "Routes | None":
        """What channels.toml of a data folder says, None where there is none.

        Raises UserError with everything that is wrong in it.
        """
        told = _read(folder / CHANNELS_FILE)
        if told is None:
            return None
        problems: list[str] = []
        kinds = {
            name: made
            for name, table in told.items()
            if name not in _PLACES and (made := _channel(name, table, problems)) is not None
        }
        by_address: dict[str, str] = {}
        for name, (_, settings) in kinds.items():
            for kind in settings.get("to", ()):
                other = by_address.setdefault(kind, name)
                if other != name:
                    problems.append(
                        f'[{other}] and [{name}] are both for "{kind}": take it out of the `for` of one'
                    )
        staff = _place(told, STAFF, kinds, problems)
        dispatchers = _place(told, DISPATCHERS, kinds, problems)
        if dispatchers and dispatchers.channel in (*by_address.values(), staff.channel if staff else ""):
            problems.append(
                f"{DISPATCHERS}: [{dispatchers.channel}] is for others too: "
                "name a channel that has no `for`, and is not that of staff"
            )
        cap = _place(told, CAP, kinds, problems)
        others = (staff.channel if staff else "", dispatchers.channel if dispatchers else "")
        if cap and cap.channel in (*by_address.values(), *others):
            problems.append(
                f"{CAP}: [{cap.channel}] is for others too: "
                "name a channel that has no `for`, and is not that of staff or dispatchers"
            )
        if cap and kinds.get(cap.channel, ("",))[0] == "file":
            paths = [one.get("path") or "" for kind, one in kinds.values() if kind == "file"]
            own = kinds[cap.channel][1].get("path") or ""
            if not own or paths.count(own) > 1:
                problems.append(
                    f"{CAP}: the file of [{cap.channel}] is for others too: give it a `path` of its own"
                )
        if STAFF not in told:
            problems.append(
                f'{STAFF}: say who is told of alarms, as {STAFF} = {{ channel = "NAME", address = "..." }}'
            )
        if problems or staff is None:
            cure = "mend it, then look with `ansim channel check`."
            raise UserError(f"{folder / CHANNELS_FILE} cannot be used: {cure}", problems=problems)
        return cls(kinds, by_address, staff, dispatchers, cap)

    def channel_for(self, address: str) -> str:
        """The name of the channel for an address, empty where there is none."""
        kind = kind_of(address)
        return self.by_address.get(kind, "") or self.by_address.get(ANY, "") if kind or self.takes_all else ""

    def make(self, name: str, setup: Setup) -> Channel:
        """Makes the channel of that name. Raises UserError when it cannot be used."""
        kind, settings = self.kinds[name]
        return CHANNELS[kind].of(setup._replace(settings=settings, name=name))


def kind_of(address: str) -> str:
    """EMAIL or PHONE, empty for no address."""
    if not address:
        return ""
    return EMAIL if "@" in address else PHONE


def _read(path: Path) -> dict[str, Any] | None:
    """Raises UserError."""
    import tomllib

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): make it a file of yours.") from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise UserError(f"{path} is no file: put the channels into one of that name.")
        if stat.S_IMODE(found.st_mode) & _OTHERS:
            raise UserError(f"{path} can be read by others, and may hold passwords: `chmod 600 {path}`.")
        text = file.read(_BYTES_MAX)
    try:
        return tomllib.loads(text.decode())
    except UnicodeDecodeError:
        raise UserError(f"{path} is not written in UTF-8: save it as that.") from None
    except tomllib.TOMLDecodeError as error:
        where = _POSITION.search(str(error))
        place = f"from line {where[1]}, column {where[2]} on" if where else "at its end"
        raise UserError(f"{path} is not TOML {place}: mend that place.") from None


def _channel(name: str, table: Any, problems: list[str]) -> tuple[str, dict[str, Any]] | None:
    """A channel's kind and settings; None, and what is wrong, where it has a problem."""
    from pydantic import ValidationError

    if not isinstance(table, dict):
        problems.append(f"{name} is no setting of this file: settings of a channel are below its line [NAME]")
        return None
    if not _NAME.fullmatch(name):
        problems.append(
            f"[{name}] cannot be a channel's name: take a small letter, then small letters, digits, - and _"
        )
        return None
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in CHANNELS:
        problems.append(f"[{name}] kind: choose one of {', '.join(CHANNELS)}")
        return None
    made_of = _model(kind)
    try:
        made = made_of.model_validate(table)
    except ValidationError as error:
        problems += mistakes.in_words(name, made_of, error)
        return None
    return kind, {field: getattr(made, field) for field in type(made).model_fields if field != "kind"}


def _model(kind: str) -> Any:
    """What the table of a kind holds: its own model, or its options as texts."""
    from pydantic import Field, create_model

    from host_tools.host.notify.channels.tables import Table

    own = CHANNELS[kind].model()
    if own is not None:
        return own
    fields: dict[str, Any] = {
        option.name.replace("-", "_"): (
            str,
            Field(default=... if option.default is None else option.default, alias=option.name),
        )
        for option in CHANNELS[kind].options
    }
    return create_model(f"{kind}_table", __base__=Table, **fields)


def _place(told: Mapping[str, Any], name: str, kinds: Mapping[str, Any], problems: list[str]) -> Route | None:
    """Where staff or dispatchers are told; None, and what is wrong, where that cannot be."""
    found = told.get(name)
    if found is None:
        return None
    good = (
        isinstance(found, dict)
        and found.keys() <= {"channel", "address"}
        and all(isinstance(one, str) for one in found.values())
    )
    if not good or "channel" not in found:
        problems.append(f'{name}: write it as {name} = {{ channel = "NAME", address = "..." }}')
        return None
    if found["channel"] not in told or found["channel"] in _PLACES:
        problems.append(f"{name}: no channel of this file has that name: {_names(told)}")
        return None
    route = Route(found["channel"], found.get("address", ""))
    kind = kinds.get(route.channel, ("",))[0]
    if kind == "smtp" and kind_of(route.address) != EMAIL:
        problems.append(f'{name}: a mail server needs an e-mail address: add address = "desk@example.org"')
    return route


def _names(told: Mapping[str, Any]) -> str:
    tables = (name for name, table in told.items() if isinstance(table, dict))
    found = [name for name in tables if name not in _PLACES and _NAME.fullmatch(name)]
    return f"choose {' or '.join(found)}" if found else "write one, as a table [NAME]"
