"""The channels by which messages are handed over: a file of this folder and a row of CHANNELS for each.

What takes long to import is imported where a channel is made, for every `--help` reads CHANNELS.
"""

from host_tools.host.notify.channels.by_apprise import AppriseChannel
from host_tools.host.notify.channels.console import ConsoleNotifier
from host_tools.host.notify.channels.exec import ExecChannel
from host_tools.host.notify.channels.file import FileNotifier
from host_tools.host.notify.channels.smtp import SmtpChannel
from host_tools.host.notify.channels.webhook import WebhookChannel
from host_tools.host.notify.notifier import Channel

#: By their names, the first the default. `ansim serve --notify` offers those that are made of options,
#: channels.toml all of them.
CHANNELS: dict[str, type[Channel]] = {
    "file": FileNotifier,
    "console": ConsoleNotifier,
    "smtp": SmtpChannel,
    "webhook": WebhookChannel,
    "apprise": AppriseChannel,
    "exec": ExecChannel,
}
