"""The host key at rest: DIR/host.key, 32 bytes as they are, or wrapped under a passphrase.

A wrapped key is one line of JSON: the parameters of scrypt (RFC 7914), its salt, and the key sealed with
AES-256-GCM under what scrypt makes of the passphrase. The parameters are the seal's additional data.
"""

import fcntl
import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from host_tools.errors import UserError
from host_tools.host.ledger.data_folder import KEY, create_private, sync_folder

KEY_BYTES = 32
PASSPHRASE_CHARACTERS_MIN = 12

# What scrypt costs: 128 MiB and about a third of a second for each guess.
# A file keeps its own, so they may grow.
COST = {"n": 2**17, "r": 8, "p": 1}
_MEMORY_MAX = 2**30  # bytes that a file may ask for: 128 n r
_P_MAX = 16

#: Gives the passphrase when one is needed.
Ask = Callable[[], str]


class Wrapped(NamedTuple):
    """A key under a passphrase."""

    n: int
    r: int
    p: int
    salt: bytes  # 16, random
    nonce: bytes  # 12, random
    sealed: bytes  # 48: the key and its tag

    def written(self) -> bytes:
        """The file."""
        return (
            json.dumps(self._header() | {"nonce": self.nonce.hex(), "sealed": self.sealed.hex()}) + "\n"
        ).encode()

    def _header(self) -> dict[str, str | int]:
        return {
            "format": "ansim host key 1",
            "kdf": "scrypt",
            "n": self.n,
            "r": self.r,
            "p": self.p,
            "salt": self.salt.hex(),
        }

    def opened(self, passphrase: str) -> bytes:
        """The key; raises InvalidTag when it is another passphrase."""
        cipher = AESGCM(self._stretched(passphrase))
        return cipher.decrypt(self.nonce, self.sealed, json.dumps(self._header()).encode())

    def closed(self, key: bytes, passphrase: str) -> "Wrapped":
        """The same with the key in it."""
        cipher = AESGCM(self._stretched(passphrase))
        return self._replace(sealed=cipher.encrypt(self.nonce, key, json.dumps(self._header()).encode()))

    def _stretched(self, passphrase: str) -> bytes:
        # The same word has more than one spelling in Unicode, and keyboards differ in which they give.
        said = unicodedata.normalize("NFC", passphrase).encode(errors="surrogateescape")
        return Scrypt(salt=self.salt, length=KEY_BYTES, n=self.n, r=self.r, p=self.p).derive(said)


def read_key(data: Path, ask: Ask, name: str = KEY) -> bytes:
    """The host key of a data folder, or of another folder's file of that name;
    `ask` is called when it is wrapped.

    Raises UserError for a key that is missing or damaged, or does not open:
    without it the ledger's secrets are lost, and a new key would hide that.
    """
    content = _content(data, name)
    if len(content) == KEY_BYTES:
        return content
    wrapped = _parsed(data, content)
    try:
        return wrapped.opened(ask())
    except InvalidTag as error:
        raise UserError(f"That passphrase does not open {data / name}: check it and try again.") from error


def protection(data: Path) -> dict[str, int] | None:
    """The parameters of scrypt of a wrapped key, None for one that has no passphrase.

    Raises UserError as `read_key` does.
    """
    content = _content(data)
    if len(content) == KEY_BYTES:
        return None
    wrapped = _parsed(data, content)
    return {"n": wrapped.n, "r": wrapped.r, "p": wrapped.p}


def mint_key(data: Path) -> None:
    """A new key, unless there is one."""
    create_private(data / KEY, os.urandom(KEY_BYTES))


def change_key_file(data: Path, ask: Ask, ask_new: Ask | None, *, dry_run: bool = False) -> None:
    """Puts the same key under a new passphrase, or with None under none.

    Durable when it returns; whatever is killed when, the file is the old one or the new one, whole. On a dry
    run it is only looked whether the passphrases are good. Raises UserError.
    """
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"Another command is changing {data / KEY}: wait for it, then try again."
            ) from error
        key = read_key(data, ask)
        content = key
        if ask_new is not None:
            content = (
                Wrapped(**COST, salt=os.urandom(16), nonce=os.urandom(12), sealed=b"")
                .closed(key, _fit(ask_new()))
                .written()
            )
        if dry_run:
            return
        draft = data / f".{KEY}.new"
        draft.unlink(missing_ok=True)  # of a change that was killed
        create_private(draft, content)
        draft.rename(data / KEY)
        sync_folder(data)
    except OSError as error:
        raise UserError(f"{data / KEY} cannot be written ({error.strerror}): it is as it was.") from error
    finally:
        os.close(folder)


def _fit(passphrase: str) -> str:
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        raise UserError(
            f"A passphrase has at least {PASSPHRASE_CHARACTERS_MIN} characters: four random words do well.", 2
        )
    return passphrase


def _content(data: Path, name: str = KEY) -> bytes:
    path = data / name
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(
            f"{path} is missing and the ledger's secrets cannot be read without it: "
            "restore it from the backup."
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): run as the user that owns it.") from error


def _parsed(data: Path, content: bytes) -> Wrapped:
    try:
        found = json.loads(content)
        n, r, p = (int(found[name]) for name in ("n", "r", "p"))
        salt, nonce, sealed = (bytes.fromhex(found[name]) for name in ("salt", "nonce", "sealed"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(data, content) from error
    wrapped = Wrapped(n, r, p, salt, nonce, sealed)
    costs = n > 1 and n & (n - 1) == 0 and r > 0 and 0 < p <= _P_MAX and 128 * n * r <= _MEMORY_MAX
    if (
        not costs
        or (len(salt), len(nonce), len(sealed)) != (16, 12, KEY_BYTES + 16)
        or wrapped.written() != content
    ):
        raise _damaged(data, content)
    return wrapped


def _damaged(data: Path, content: bytes) -> UserError:
    return UserError(
        f"{data / KEY} is damaged ({len(content)} bytes, not a key): restore it from the backup."
    )
