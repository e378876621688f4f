"""Where boards connect: --listen of what serves them and of what looks whether they could be served."""

import click


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, int] | None:
    """ADDR:PORT, [ADDR]:PORT for IPv6, or none."""
    if value == "none":
        return None
    address, colon, port = value.rpartition(":")
    address = address[1:-1] if address.startswith("[") and address.endswith("]") else address
    if not colon or not address or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter("give ADDR:PORT such as 0.0.0.0:26746, [::]:26746 for IPv6, or none")
    return address, int(port)


listen_option = click.option(
    "--listen",
    default="127.0.0.1:26746",
    show_default=True,
    metavar="ADDR:PORT",
    callback=_address,
    help="Where boards connect by TCP. 0.0.0.0:26746: on every network of this machine; port 0: "
    "any free one; none: serial ports only.",
)
