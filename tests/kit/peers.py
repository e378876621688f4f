"""Peers of channels as a user would have them: a mail server with STARTTLS, a receiver of webhooks."""

import contextlib
import datetime
import ipaddress
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook, WebhookVerificationError

USER, PASSWORD = "ansim", "a-good-word"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine's own, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "peer.pem", folder / "peer.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return paths


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class MailServer:
    """A real mail server, which wants TLS and a password. `answers` says what it replies to whom."""

    def __init__(self, folder: Path) -> None:
        self.certificate, key = certificate(folder)
        self.mails: list[Any] = []
        self.answers: dict[str, str] = {}
        self.connections = 0
        self.taking: Callable[[str], None] = lambda _: None  # is told each id ahead of the answer
        self.port = _free_port()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, key)
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=self._known,
        )

    def _known(
        self, _server: object, _session: object, _envelope: object, mechanism: str, data: Any
    ) -> AuthResult:
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.connections += good
        return AuthResult(success=good, handled=good)  # what is not handled it answers with 535

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(envelope)
        self.taking(message_from_bytes(envelope.content)["Message-ID"].strip("<>").partition("@")[0])
        return "250 taken"

    def __enter__(self) -> "MailServer":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def settings(self, **more: Any) -> dict[str, Any]:
        return _settings(self.port, self.certificate, more)


def _settings(port: int, trusted: Path, more: dict[str, Any]) -> dict[str, Any]:
    """What the table of a mail server of this machine holds."""
    from host_tools.host.notify.channels.tables import Smtp

    told = {
        "kind": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "user": USER,
        "password": PASSWORD,
        "sender": "ansim@example.org",
        "ca_file": str(trusted),
    }
    made = Smtp.model_validate(told | more)
    return {name: getattr(made, name) for name in Smtp.model_fields}


class DeafMailServer:
    """A mail server behind TLS that takes commands until `last`, and then says nothing and reads no TLS.

    `ended` is set when the other end of the line has gone.
    """

    def __init__(self, folder: Path, last: bytes) -> None:
        self.certificate, key = certificate(folder)
        self._last = last
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(self.certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.ended = threading.Event()

    def __enter__(self) -> "DeafMailServer":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def settings(self, **more: Any) -> dict[str, Any]:
        return _settings(self.port, self.certificate, {"security": "tls", **more})

    def _serve(self) -> None:
        line, _ = self._listener.accept()
        with line, self._context.wrap_socket(line, server_side=True) as safe:
            safe.sendall(b"220 here\r\n")
            for command in safe.makefile("rb"):
                if command.startswith(self._last):
                    break
                safe.sendall(
                    b"250-here\r\n250 AUTH PLAIN\r\n" if command.startswith(b"EHLO") else b"250 OK\r\n"
                )
            with contextlib.suppress(ConnectionError):
                while os.read(safe.fileno(), 4096):
                    pass
            self.ended.set()


class Receiver:
    """A real receiver of webhooks, which verifies and de-duplicates.

    `answer` gives status, headers and body for the ordinal (from 0) of a request.
    """

    def __init__(self, answer: Callable[[int], tuple[int, dict[str, str], bytes]] | None = None) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self.heard: list[str] = []
        self.forged = 0
        self.taking: Callable[[str], None] = lambda _: None  # is told each id ahead of the answer
        self.answer = answer or (lambda _: (200, {}, b'{"id": "r-1"}'))
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, headers, said = peer.answer(len(peer.heard))
                peer.heard.append(self.headers["webhook-id"])
                try:
                    Webhook(SECRET).verify(body, dict(self.headers.items()))
                    if 200 <= status < 300:
                        peer.taken.setdefault(self.headers["webhook-id"], json.loads(body))
                except WebhookVerificationError:
                    peer.forged += 1
                peer.taking(self.headers["webhook-id"])
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *_: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settings(self, **more: Any) -> dict[str, Any]:
        from host_tools.host.notify.channels.tables import Webhook as Table

        told = {"kind": "webhook", "url": f"http://127.0.0.1:{self.port}/in", "secret": SECRET}
        made = Table.model_validate({**told, "allow_private": True, **more})
        return {name: getattr(made, name) for name in Table.model_fields}
