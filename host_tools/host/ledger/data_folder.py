"""The data folder: where the host keeps its ledger, its key and its messages,
and who may read them (nobody else).
"""

import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from host_tools.errors import NO_ROOM, UserError

LEDGER = "ledger.db"
DATABASE = "database.url"
KEY = "host.key"
MESSAGES = "messages.jsonl"
DISPATCHER = "dispatcher.jsonl"
ERASURES = "erasures.jsonl"  # who was erased, by number: backups that are restored are erased anew
SETTINGS = "settings.toml"
PAGES = "pages.jsonl"
SESSIONS = "sessions.db"  # of pages: off the ledger, whose only writer takes what boards tell
LOCK = "serve.lock"
RECEIPT_LOCK = "receipt.lock"
PRIVATE_FILES = (
    RECEIPT_LOCK,
    LEDGER,
    f"{LEDGER}-wal",
    f"{LEDGER}-shm",
    DATABASE,
    KEY,
    MESSAGES,
    DISPATCHER,
    ERASURES,
    PAGES,
    SESSIONS,
    f"{SESSIONS}-wal",
    f"{SESSIONS}-shm",
    LOCK,
)

_OTHERS = 0o077
_PROBE_BYTES = 65_536

#: Where a command notes the file that --passphrase-file names.
PASSPHRASE_FILE = "ansim.passphrase-file"  # noqa: S105 - a name

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _note_passphrase_file(context: click.Context, _parameter: click.Parameter, path: Path | None) -> None:
    context.meta[PASSPHRASE_FILE] = path


def data_option(command: _Command) -> _Command:
    """`--data DIR` of every sub-command that opens the ledger, None when it is not given;
    and where its key's passphrase is read.
    """
    command = click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        envvar="ANSIM_PASSPHRASE_FILE",
        expose_value=False,
        callback=_note_passphrase_file,
        help="Its first line opens the host key, where that is under a passphrase [default: "
        "$ANSIM_PASSPHRASE_FILE].",
    )(command)
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="The host's data folder [default: "
        "$ANSIM_DATA, else $XDG_DATA_HOME/ansim, else ~/.local/share/ansim].",
    )(command)


def data_folder(given: Path | None = None) -> Path:
    """The folder that was asked for, else $ANSIM_DATA, else the XDG base directory's data home for ansim.

    Raises UserError for a user who has no home.
    """
    if given is not None:
        return given
    if os.environ.get("ANSIM_DATA"):
        return Path(os.environ["ANSIM_DATA"])
    try:
        return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "ansim"
    except RuntimeError as error:
        raise UserError(
            "This user has no home folder: name the host's data folder with --data or $ANSIM_DATA.", 2
        ) from error


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has no room for even a small file, found out by writing one."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno in NO_ROOM
    return False


def database_url(data: Path) -> str | None:
    """Where the ledger is kept if not in the folder: $ANSIM_DATABASE, else the folder's file database.url.

    Its password is a secret.

    Raises UserError when the file cannot be read or has wide permissions.
    """
    if os.environ.get("ANSIM_DATABASE"):
        return os.environ["ANSIM_DATABASE"]
    path = data / DATABASE
    refuse_wide(path, 0o600)
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} cannot be read: it holds one line, the URL of the database, and belongs to you."
        ) from error


def prepare(data: Path, *, create: bool) -> None:
    """Makes the folder (0700) when `create` says so,
    and refuses one that others can enter or whose files others can read.

    Raises UserError with the chmod that cures it.
    """
    if not data.is_dir():
        if not create:
            raise UserError(
                f"There is no ledger in {data} yet: `ansim resident add` or `ansim provision` makes one, "
                "--data names another."
            )
        try:
            data.parent.mkdir(parents=True, exist_ok=True)
            data.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"The data folder {data} cannot be made ({error.strerror}): "
                "choose another with --data or $ANSIM_DATA."
            ) from error
    refuse_wide(data, 0o700)
    for name in PRIVATE_FILES:
        refuse_wide(data / name, 0o600)


def refuse_wide(path: Path, wanted: int) -> None:
    """Raises UserError when others than its owner may use the path, or another user owns it;
    a missing path is fine.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(
            f"{path} cannot be looked at ({error.strerror}): run as the user that owns the data folder."
        ) from error
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        raise UserError(
            f"{path} belongs to another user: run as that user, or choose another folder with --data."
        )
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        raise UserError(
            f"{path} holds secrets and is open to others (mode {stat.S_IMODE(found.st_mode):04o}): "
            f"chmod {wanted:o} {path}"
        )


def create_private(path: Path, content: bytes) -> None:
    """A new file of mode 0600 with all its content, durable, or no file.

    One that exists already is left as it is.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        draft.unlink()


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def serving(data: Path) -> Iterator[None]:
    """Holds the folder for one server; the lock ends with the process, however it ends.

    Raises UserError when one has it.
    """
    descriptor = os.open(data / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"Another `ansim serve` uses {data}: stop it first, or give this one its own --data."
            ) from error
        yield
    finally:
        os.close(descriptor)
