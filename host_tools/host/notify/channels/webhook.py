"""The channel that is somebody's HTTP receiver: each letter is a signed request (Standard Webhooks).

Its `webhook-id` is the letter's own for ever, so a receiver that knows it drops the second one. No redirect
is followed, and the address that is connected to is the one that was checked.
"""

import asyncio
import ipaddress
import json
import os
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from host_tools.errors import UserError
from host_tools.host.notify.notifier import HANDED_OVER, LATER, REFUSED, Channel, Message, Receipt, Setup

if TYPE_CHECKING:
    import httpx
    from pydantic import BaseModel

_BODY_MAX = 65_536
_REFERENCE_MAX = 128
_AFTER_MAX_S = 3600.0
_NOT_OURS = (401, 403, 407, 408, 425, 429)  # of the receiver's settings or load, not of the letter
_REFERENCES = ("reference", "id", "message_id", "messageId")
_ERRORS = ("error", "errors")
_SUCCESSES = ("ok", "success")


class WebhookChannel(Channel):
    """Posts each letter to a receiver."""

    by_option: ClassVar[bool] = False

    def __init__(self, settings: dict[str, Any]) -> None:
        """`settings` is what its table in channels.toml says."""
        from standardwebhooks import Webhook

        url = urlsplit(settings["url"].get_secret_value())
        self._url = url
        self._host = url.hostname or ""
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._private: bool = settings["allow_private"]
        self._signer = Webhook(settings["secret"].get_secret_value())
        self.parallel = settings["parallel"]
        self._limit_s: float = settings["timeout_s"]
        self.timeout_s = self._limit_s + 5
        self._client: httpx.AsyncClient | None = self._made()  # now, for it takes long and boards would wait

    @classmethod
    def of(cls, setup: Setup) -> "WebhookChannel":
        """From its table in channels.toml."""
        return cls(dict(setup.settings))

    @classmethod
    def model(cls) -> "type[BaseModel]":
        """Its table in channels.toml."""
        from host_tools.host.notify.channels.tables import Webhook

        return Webhook

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        """One request after the other. Raises OSError when the receiver is away or may not be reached."""
        return {message.id: await self._post(message) for message in messages}

    async def _post(self, message: Message) -> Receipt:
        import httpx

        body = _body(message)
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "host": self._url.netloc,
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message.id, now, body),
        }
        try:
            async with asyncio.timeout(self._limit_s):
                address = await self._checked_address()
                return await self._ask(self._at(address), headers, body)
        except TimeoutError:
            raise OSError(0, f"the receiver said nothing for {self._limit_s:.0f} s") from None
        except httpx.HTTPError as error:
            raise OSError(0, f"the receiver is away ({type(error).__name__})") from None

    async def probe(self) -> str:
        """Connects to the receiver, and asks it nothing. Raises UserError."""
        import httpx

        tls = httpx.create_ssl_context(trust_env=False) if self._url.scheme == "https" else None
        try:
            address = await self._checked_address()
            named = self._host if tls else None
            _, line = await asyncio.open_connection(address, self._port, ssl=tls, server_hostname=named)
        except OSError as error:  # of TLS, too
            words = "the receiver has a certificate that this machine does not trust"
            if not isinstance(error, ssl.SSLCertVerificationError):
                reason = os.strerror(error.errno).lower() if error.errno else "no reason given"
                words = f"the receiver is away ({reason})"
                if (error.strerror or "").startswith("the receiver"):
                    words = str(error.strerror)
            raise UserError(f"{words}: see `url` in channels.toml, and whether the receiver runs.") from None
        line.transport.abort()
        return "the receiver can be connected to"

    def _made(self) -> "httpx.AsyncClient":
        import httpx

        # A proxy of the environment would connect to an address that nobody has checked.
        limits = httpx.Limits(max_connections=self.parallel, keepalive_expiry=30)
        return httpx.AsyncClient(trust_env=False, timeout=self._limit_s, limits=limits)

    async def _ask(self, url: str, headers: dict[str, str], body: str) -> Receipt:
        if self._client is None:
            self._client = self._made()
        asked = {"sni_hostname": self._host}
        async with self._client.stream(
            "POST", url, content=body, headers=headers, extensions=asked, follow_redirects=False
        ) as answer:
            said = b""
            async for some in answer.aiter_raw():
                said += some
                if len(said) > _BODY_MAX:
                    return Receipt(LATER, reason=f"the receiver's answer is longer than {_BODY_MAX} bytes")
            return receipt_of(answer.status_code, said, answer.headers.get("retry-after", ""))

    async def _checked_address(self) -> str:
        """An address of the receiver that may be connected to. Raises OSError."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM
            )
        except OSError:
            raise OSError(0, "the receiver's name has no address") from None
        addresses = [str(one[4][0]) for one in found]
        if not self._private and not all(is_public(address) for address in addresses):
            raise OSError(0, "the receiver has a private address, which allow_private = true would allow")
        return addresses[0]

    def _at(self, address: str) -> str:
        host = f"[{address}]" if ":" in address else address
        query = f"?{self._url.query}" if self._url.query else ""
        return f"{self._url.scheme}://{host}:{self._port}{self._url.path or '/'}{query}"

    async def close(self) -> None:
        """Closes its connections."""
        if self._client is not None:
            await self._client.aclose()


def is_public(address: str) -> bool:
    """Whether an address is one of the internet, also an IPv4 one that is written as IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        nat64 = found in ipaddress.ip_network("64:ff9b::/96")
        if nat64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local or found.is_reserved:  # fec0::/10, and ::/8 with IPv4 within it
            return False
    return found.is_global and not found.is_multicast


def receipt_of(status: int, body: bytes, retry_after: str = "") -> Receipt:
    """What an answer says of the letter: one of success that tells of an error is none."""
    told = _told(body)
    if 200 <= status < 300:
        wrong = any(told.get(name) for name in _ERRORS) or any(told.get(one) is False for one in _SUCCESSES)
        if wrong:
            return Receipt(LATER, reason=f"the receiver answered {status} with an error")
        return Receipt(HANDED_OVER, reference=_reference(told))
    if 400 <= status < 500 and status not in _NOT_OURS:
        return Receipt(REFUSED, reason=f"the receiver answered {status}")
    words = ", a redirect, which is not followed" if 300 <= status < 400 else ""
    return Receipt(LATER, reason=f"the receiver answered {status}{words}", after_s=_after_s(retry_after))


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _reference(told: dict[str, Any]) -> str:
    found = next((told[name] for name in _REFERENCES if isinstance(told.get(name), str | int)), "")
    shown = str(found)
    return shown if len(shown) <= _REFERENCE_MAX and shown.isprintable() else ""


def _after_s(retry_after: str) -> float:
    """Retry-After in seconds, whichever of its two forms it has; 0 for none."""
    try:
        asked = float(int(retry_after))
    except ValueError:
        try:
            asked = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            asked = 0.0
    return min(max(asked, 0.0), _AFTER_MAX_S)


def _body(message: Message) -> str:
    """What a receiver is told: no name, for an address is all that it needs."""
    data = message._asdict()
    del data["to"]
    return json.dumps({"type": "letter", "timestamp": message.heard, "data": data}, ensure_ascii=False)
