"""Packages of others, fetched once at the versions and hashes of peers.txt; unpacked, never installed."""

import shutil
import subprocess
import sys
from pathlib import Path

from host_tools.errors import UserError
from tests.bench import REPOSITORY

_LIST = Path(__file__).parent / "peers.txt"
_CACHE = REPOSITORY / ".venv" / "bench-peers"


def versions() -> dict[str, str]:
    """Name to version of every peer."""
    lines = [line.split()[0] for line in _LIST.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("==") for line in lines)


def folders() -> dict[str, Path]:
    """Name to the folder that its modules are imported from.

    Raises UserError when a package cannot be fetched.
    """
    fetched = _CACHE / "fetched"
    if not fetched.is_file() or fetched.read_text() != _LIST.read_text():
        shutil.rmtree(_CACHE, ignore_errors=True)
        _fetch()
        fetched.write_text(_LIST.read_text())
    return {name: _folder(name, version) for name, version in versions().items()}


def _folder(name: str, version: str) -> Path:
    unpacked = _CACHE / f"{name}-{version}"
    inner = unpacked / f"{name}-{version}"  # a source archive has a folder of its own
    return inner if inner.is_dir() else unpacked


def _fetch() -> None:
    archives = _CACHE / "archives"
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
        "--dest",
        str(archives),
        "-r",
        str(_LIST),
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "pip", "download", *options], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise UserError(
            "The packages to compare with cannot be fetched; check the connection and try again: "
            f"{ended.stderr.strip()[-500:]}"
        )
    for name, version in versions().items():
        start = f"{name}-{version}".replace("-", "_")
        archive = next(path for path in archives.iterdir() if path.name.replace("-", "_").startswith(start))
        shutil.unpack_archive(
            archive, _CACHE / f"{name}-{version}", "zip" if archive.suffix == ".whl" else None
        )
