"""The channel that is apprise: any of its services by their URLs, such as gateways for SMS,
KakaoTalk or push.

`{address}` in a URL stands for the address of whom the letter is for. Apprise says of a letter yes or no and
nothing else, so no is always for now.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from host_tools.errors import UserError
from host_tools.host.notify.channels.threads import in_thread
from host_tools.host.notify.notifier import HANDED_OVER, LATER, Channel, Message, Receipt, Setup

if TYPE_CHECKING:
    from pydantic import BaseModel

_ADDRESS = "{address}"
_EXAMPLE = "+821012345678"


class AppriseChannel(Channel):
    """Hands each letter to a service that apprise knows."""

    by_option: ClassVar[bool] = False

    def __init__(self, settings: dict[str, Any], name: str = "") -> None:
        """`settings` is what its table in channels.toml says.

        Raises UserError for a URL that apprise does not know.
        """
        self._url: str = settings["url"].get_secret_value()
        self._subject: str = settings["subject"]
        self.parallel = settings["parallel"]
        self.timeout_s = settings["timeout_s"]
        # It tells of addresses and URLs with their passwords.
        log = logging.getLogger("apprise")
        log.handlers, log.propagate, log.disabled = [logging.NullHandler()], False, True
        if self._service(_EXAMPLE) is None:
            raise UserError(
                f"Apprise does not know the URL of [{name}] in channels.toml: "
                "its page of services says how each is written."
            )

    @classmethod
    def of(cls, setup: Setup) -> "AppriseChannel":
        """From its table in channels.toml."""
        return cls(dict(setup.settings), setup.name)

    @classmethod
    def model(cls) -> "type[BaseModel]":
        """Its table in channels.toml."""
        from host_tools.host.notify.channels.tables import Apprise

        return Apprise

    def _service(self, address: str) -> Any:
        from apprise import Apprise

        service = Apprise()
        return service if service.add(self._url.replace(_ADDRESS, quote(address, safe=""))) else None

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        """One letter after the other, in a thread of its own: a service that hangs holds up no other."""
        return {message.id: await in_thread(lambda one=message: self._tell(one)) for message in messages}

    def _tell(self, message: Message) -> Receipt:
        service = self._service(message.contact)
        try:
            if service is not None and service.notify(body=message.text, title=self._subject):
                return Receipt(HANDED_OVER)
        except Exception as error:  # of a plugin: whatever it is, its words may hold the address
            return Receipt(LATER, reason=f"apprise failed ({type(error).__name__})")
        return Receipt(LATER, reason="apprise could not hand it over")

    async def close(self) -> None:
        """Holds nothing."""
