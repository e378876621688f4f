"""What a server tells, as programs read it."""

from collections.abc import Callable
from typing import Any

from host_tools.host.notify.log import Occurrence


def into(told: list[dict[str, Any]]) -> Callable[[Occurrence], None]:
    """Keeps what is told."""
    return lambda one: told.append(one.as_json())
