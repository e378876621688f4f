"""The texts that a host has changed: `wording/LANG.toml` in its data folder for all sites,
`wording/SITE/LANG.toml` for one. A file holds only the entries that differ.

A site whose name no folder could have is written with %2F and the like.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote
from zlib import crc32

from sqlalchemy import func, select

from host_tools.host.ledger import tables
from host_tools.host.ledger.aside import WORDING, raise_case
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.notify.wording.checking import checked, is_language
from host_tools.host.notify.wording.entries import Key
from host_tools.host.notify.wording.files import BYTES_MAX, Fault, read
from host_tools.host.notify.wording.templates import Template
from host_tools.host.notify.wording.texts import BUILT_IN, ENGLISH, Texts, built_in
from host_tools.showing import shown

FOLDER = "wording"

# What a folder held when it was read last, and its texts.
_read: dict[Path, tuple[tuple[object, ...], Texts]] = {}


def texts_of(data: Path) -> Texts:
    """The texts in use of a data folder. Files are read again when they have changed; whatever they hold,
    this raises nothing: what is wrong is in `faults`, and its entries are those that come with Ansim.
    """
    folder = data / FOLDER
    marks = tuple(_mark(path) for _, path in _files(folder))
    known = _read.get(folder)
    if known is None or known[0] != marks:
        _read[folder] = known = (marks, load(folder) if marks else BUILT_IN)
    return known[1]


def load(folder: Path) -> Texts:
    """Reads a folder of changed texts."""
    changed: dict[tuple[str, str], Mapping[Key, Template]] = {}
    faults: list[Fault] = []
    for site, path in _files(folder):
        name = shown(path.relative_to(folder))
        if path.suffix != ".toml" or not is_language(path.stem):
            faults.append(
                Fault(name, "", "a file of texts is named by its language, as ko.toml: nothing else is read")
            )
            continue
        try:
            with path.open("rb") as file:
                document = read(file.read(BYTES_MAX + 1))
        except OSError as error:
            faults.append(Fault(name, "", f"the file cannot be read: {error.strerror}"))
            continue
        except ValueError as error:
            faults.append(Fault(name, "", str(error)))
            continue
        sound, wrong = checked(document, built_in()[ENGLISH])
        faults += [Fault(name, entry, sentence) for entry, sentence in wrong]
        changed[site, path.stem] = sound
    return Texts(changed, tuple(faults))


def tell_of_faults(ledger: Ledger, texts: Texts, cabinet: int, at_ms: int) -> None:
    """Tells staff once of changed texts that cannot be used, at `at_ms` since 1970;
    `cabinet` is that of a letter in question.
    """
    number = crc32(repr(texts.faults).encode()) & 0x7FFFFFFF
    alarm = tables.alarm.c
    its = (alarm.kind == WORDING) & (alarm.number == number)
    with ledger.reading() as connection:
        if connection.scalar(select(func.count()).select_from(tables.alarm).where(its)):
            return
    with ledger.writing() as connection:
        raise_case(connection, cabinet, WORDING, number, 0, at_ms)


def sites_of(folder: Path) -> set[str]:
    """The sites that have texts of their own."""
    return {site for site, _ in _files(folder) if site}


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of a folder and of those in it, each with its site; those that programs hide are left out."""
    for path in _within(folder):
        if path.is_dir():
            yield from ((normal(unquote(path.name)), inner) for inner in _within(path) if inner.is_file())
        else:
            yield "", path


def _within(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name[0] != "." and path.name[-1] != "~")
    except OSError:
        return []


def _mark(path: Path) -> tuple[object, ...]:
    try:
        found = path.stat()
    except OSError:
        return (path, None)
    return (path, found.st_mtime_ns, found.st_size, found.st_ino)
