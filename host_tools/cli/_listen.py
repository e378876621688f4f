"""Where boards connect: --listen of what serves them and of what looks whether they could be served."""

from collections.abc import Callable
from functools import wraps
from typing import Any

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


def web_options(command: Callable[..., object]) -> Callable[..., object]:
    """`--web` and what belongs to it: the command gets `pages`, a Web or None."""

    @wraps(command)
    def given(
        web: tuple[str, int] | None, names: tuple[str, ...], is_insecure: bool, **others: Any
    ) -> object:
        if web is None:
            return command(pages=None, **others)
        from host_tools.host.web.keeper import Web

        return command(pages=Web(*web, names, is_insecure), **others)

    named = (
        "A name by which browsers reach the pages, such as that of the proxy before them; may be repeated."
    )
    plain = "Let the pages' plain HTTP leave this machine."
    given = click.option("--web-insecure", "is_insecure", is_flag=True, help=plain)(given)
    given = click.option("--web-name", "names", multiple=True, metavar="NAME", help=named)(given)
    return click.option(
        "--web",
        default="none",
        show_default=True,
        metavar="ADDR:PORT",
        callback=_address,
        help="Where pages are answered by HTTP, such as 127.0.0.1:8080; port 0: any free one; none: nowhere.",
    )(given)
