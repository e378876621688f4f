"""The channels by which messages are handed over: a file of this folder and a row of CHANNELS for each.

What takes long to import is imported where a channel is made, for every `--help` reads CHANNELS.
"""

from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.notify.notifier import Channel

#: By their names for `ansim serve --notify`, which offers the options of each too; the first is the default.
CHANNELS: dict[str, type[Channel]] = {
    "file": FileNotifier,
    "console": ConsoleNotifier,
}
