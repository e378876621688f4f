"""What the table of each channel in channels.toml holds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SUBJECT = "안심 Ansim"
_Timeout = Annotated[float, Field(ge=1, le=300)]
_Parallel = Annotated[int, Field(ge=1, le=64)]
_Line = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\r\n]+$")]


class Table(BaseModel):
    """What a table of any channel holds: its kind, and which kinds of address it is for."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: str
    to: list[Literal["email", "phone", "*"]] = Field(default=[], alias="for")
    callback_secret: SecretStr | None = None  # by which its provider signs what it reports


class File(Table):
    """A file; `path` within the data folder, or a whole one."""

    path: str = ""


class Smtp(Table):
    """A mail server."""

    host: _Line
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)]
    subject: _Line = _SUBJECT
    ca_file: str = ""
    timeout_s: _Timeout = 30
    parallel: _Parallel = 4

    @model_validator(mode="after")
    def _in_clear(self) -> "Smtp":
        if self.user and self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError('a password goes over TLS only: write security = "starttls" or "tls"')
        return self


class Webhook(Table):
    """A receiver of HTTP requests that are signed as Standard Webhooks are."""

    url: SecretStr
    secret: SecretStr
    allow_private: bool = False
    timeout_s: _Timeout = 15
    parallel: _Parallel = 8

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: SecretStr) -> SecretStr:
        from urllib.parse import urlsplit

        try:
            parts = urlsplit(url.get_secret_value())
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            good = good and not (parts.username or parts.password or parts.fragment)
        except ValueError:
            good = False
        if not good:
            raise ValueError("it is no URL: write https://HOST/PATH, without a user in it")
        return url

    @field_validator("secret")
    @classmethod
    def _is_secret(cls, secret: SecretStr) -> SecretStr:
        import base64
        import binascii

        try:
            key = base64.b64decode(secret.get_secret_value().removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not 24 <= len(key) <= 64:
            raise ValueError("it is no secret: write whsec_ and 24 to 64 bytes in base64 behind it")
        return secret

    @model_validator(mode="after")
    def _in_clear(self) -> "Webhook":
        if not self.allow_private and not self.url.get_secret_value().startswith("https:"):
            raise ValueError(
                "a letter goes over https only: write that, or allow_private = true within your own network"
            )
        return self


class Apprise(Table):
    """A service that apprise knows."""

    url: SecretStr
    subject: _Line = _SUBJECT
    timeout_s: _Timeout = 30
    parallel: _Parallel = 4


class Exec(Table):
    """A program."""

    command: Annotated[list[str], Field(min_length=1)]
    timeout_s: _Timeout = 30
    parallel: _Parallel = 4

    @field_validator("command")
    @classmethod
    def _is_path(cls, command: list[str]) -> list[str]:
        import os

        if not os.path.isabs(command[0]):
            raise ValueError("a program is named by its whole path: write it as /usr/local/bin/send-sms")
        return command
