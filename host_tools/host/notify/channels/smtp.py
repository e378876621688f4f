"""The channel that is a mail server: SMTP with TLS and authentication.

A letter keeps its Message-ID however often it is handed over, so a server or a mailbox that knows it drops
the second one. The subject says nothing of whom or what it is about.
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from host_tools.errors import UserError
from host_tools.host.notify.notifier import HANDED_OVER, LATER, REFUSED, Channel, Message, Receipt, Setup

if TYPE_CHECKING:
    import aiosmtplib
    from pydantic import BaseModel

_IDLE_S = 30.0  # how long a connection is kept for the next letter
_CLOSE_S = 2.0
_CAUSES: dict[type[Exception], str] = {
    socket.gaierror: "has a name without an address",
    ssl.SSLCertVerificationError: "has a certificate that this machine does not trust",
    ssl.SSLError: "speaks no TLS at this port, or none that fits `security`",
    ConnectionRefusedError: "refuses the connection, for nothing listens at this port",
    OSError: "cannot be reached, or ended the connection",
}
_GONE = 421  # the server closes the connection, whatever was asked


class SmtpChannel(Channel):
    """Hands each letter to a mail server, over connections that are kept for the next ones."""

    by_option: ClassVar[bool] = False

    def __init__(self, settings: dict[str, Any]) -> None:
        """`settings` is what its table in channels.toml says. Raises UserError for a bad `ca_file`."""
        self._set = settings
        self.parallel = settings["parallel"]
        self.timeout_s = settings["timeout_s"]
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []  # since when on the loop's clock
        self._tls: ssl.SSLContext | None = None
        if settings["security"] != "none":
            try:
                self._tls = ssl.create_default_context(cafile=settings["ca_file"] or None)
            except (OSError, ssl.SSLError):
                raise UserError(
                    "The file that ca_file names in channels.toml holds no certificates."
                ) from None

    @classmethod
    def of(cls, setup: Setup) -> "SmtpChannel":
        """From its table in channels.toml."""
        return cls(dict(setup.settings))

    @classmethod
    def model(cls) -> "type[BaseModel]":
        """Its table in channels.toml."""
        from host_tools.host.notify.channels.tables import Smtp

        return Smtp

    async def deliver(self, messages: Sequence[Message]) -> dict[str, Receipt]:
        """One letter after the other over one connection. Raises OSError when the server is away."""
        from aiosmtplib import SMTPException

        receipts: dict[str, Receipt] = {}
        client = await self._client()
        try:
            for message in messages:
                receipts[message.id], goes_on = await self._send(client, message)
                if not goes_on:
                    client.close()
                    return receipts
        except SMTPException as error:
            client.close()
            if not receipts:
                raise OSError(0, self._why(error)) from None
            return receipts
        except BaseException:
            client.close()
            raise
        self._idle.append((time.monotonic(), client))
        asyncio.get_running_loop().call_later(_IDLE_S + 1, self._close_idle)
        return receipts

    async def probe(self) -> str:
        """Connects, and logs in where there is a user. Raises UserError."""
        try:
            client = await self._client()
        except OSError as error:
            words = error.strerror or "the mail server cannot be reached"
            cure = "see `host`, `port` and `security` in channels.toml, and whether the server runs."
            if "password" in words:
                cure = "mend `user` and `password` in channels.toml."
            raise UserError(f"{words}: {cure}") from None
        await _leave(client)
        return f"the mail server answers{' and takes the user' if self._set['user'] else ''}"

    async def _send(self, client: "aiosmtplib.SMTP", message: Message) -> tuple[Receipt, bool]:
        """What became of one, and whether the connection is good for another.

        Of what the server says only the number is told: its words may hold the address.
        """
        from aiosmtplib import (
            SMTPNotSupported,
            SMTPRecipientRefused,
            SMTPRecipientsRefused,
            SMTPResponseException,
        )

        try:
            mail = self.mail(message)
        except ValueError:  # of an address that an older release took
            return Receipt(REFUSED, reason="the address cannot stand in a mail"), True
        try:
            await client.send_message(mail, recipients=[message.contact])
        except SMTPRecipientsRefused as error:
            return _refusal(error.recipients[0].code, "the address")
        except SMTPNotSupported:
            return Receipt(REFUSED, reason="the mail server takes no address of this form"), True
        except SMTPResponseException as error:
            what = "the address" if isinstance(error, SMTPRecipientRefused) else "the letter"
            return _refusal(error.code, what)
        return Receipt(HANDED_OVER), True

    def mail(self, message: Message) -> EmailMessage:
        """A message as mail."""
        mail = EmailMessage(policy=SMTP)
        sender = self._set["sender"]
        mail["From"] = sender
        mail["To"] = message.contact
        mail["Subject"] = self._set["subject"]
        mail["Date"] = format_datetime(localtime())
        mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2].rstrip('>')}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text + "\n", charset="utf-8")
        return mail

    async def _client(self) -> "aiosmtplib.SMTP":
        """A connection that is kept, or a new one. Raises OSError."""
        from aiosmtplib import SMTPException

        self._close_idle()
        while self._idle:
            _, kept = self._idle.pop()
            with contextlib.suppress(SMTPException, OSError):
                if kept.is_connected:
                    async with asyncio.timeout(_CLOSE_S):
                        await kept.noop()
                    return kept
            kept.close()
        its = self._set
        client = _client_type()(
            hostname=its["host"],
            port=its["port"],
            timeout=its["timeout_s"],
            use_tls=its["security"] == "tls",
            start_tls=its["security"] == "starttls",
            tls_context=self._tls,
        )
        try:
            await client.connect()
            if its["user"]:
                await client.login(its["user"], its["password"].get_secret_value())
        except (SMTPException, ssl.SSLError) as error:
            client.close()
            raise OSError(0, self._why(error)) from None
        except BaseException:
            client.close()
            raise
        return client

    def _why(self, error: Exception) -> str:
        """Why there is no connection any more, without the server's words."""
        from aiosmtplib import SMTPAuthenticationError, SMTPResponseException, SMTPTimeoutError

        if isinstance(error, SMTPAuthenticationError):
            return f"the mail server refuses the user or the password with {error.code}"
        if isinstance(error, SMTPResponseException):
            return f"the mail server answered {error.code}"
        if isinstance(error, SMTPTimeoutError):
            return f"the mail server said nothing for {self._set['timeout_s']:.0f} s"
        causes = (error, error.__cause__, error.__context__)
        for sort, words in _CAUSES.items():
            if any(isinstance(one, sort) for one in causes):
                return f"the mail server {words}"
        if "STARTTLS" in str(error):
            return 'the mail server offers no STARTTLS, which security = "starttls" asks for'
        return "the mail server offers no way to log in by user and password"

    def _close_idle(self) -> None:
        oldest = time.monotonic() - _IDLE_S
        for since_s, client in self._idle:
            if since_s < oldest:
                client.close()
        self._idle = [one for one in self._idle if one[0] >= oldest]

    async def close(self) -> None:
        """Takes leave of the server."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_leave(client) for _, client in idle))


async def _leave(client: "aiosmtplib.SMTP") -> None:
    """Says goodbye, which a server that hangs need not answer."""
    from aiosmtplib import SMTPException

    with contextlib.suppress(SMTPException, OSError):  # a time-out is one, too
        async with asyncio.timeout(_CLOSE_S):
            await client.quit()
    client.close()


@cache
def _client_type() -> "type[aiosmtplib.SMTP]":
    """A client whose connection ends when it is closed: TLS waits half a minute for a peer's goodbye, and a
    server that hangs says none.
    """
    import aiosmtplib

    class Client(aiosmtplib.SMTP):
        def close(self) -> None:
            if isinstance(self.transport, asyncio.WriteTransport):
                self.transport.abort()
            super().close()

    return Client


def _refusal(code: int, what: str) -> tuple[Receipt, bool]:
    """4xx is for now, 5xx for good (RFC 5321, 4.2.1)."""
    state = REFUSED if 500 <= code < 600 else LATER
    return Receipt(state, reason=f"the mail server answered {code} to {what}"), code != _GONE
