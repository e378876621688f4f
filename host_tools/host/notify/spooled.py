"""The files that hold messages: that of the data folder, and those of channels that are files."""

from pathlib import Path

from host_tools.host.ledger.data_folder import MESSAGES
from host_tools.host.notify.routes import Routes


def files(folder: Path) -> list[Path]:
    """The files of messages to residents and staff of a host. Raises UserError for routes that are none."""
    routes = Routes.of(folder)
    names = [MESSAGES]
    if routes is not None:
        names += [told.get("path") or MESSAGES for kind, told in routes.kinds.values() if kind == "file"]
    return [folder / name for name in dict.fromkeys(names)]
