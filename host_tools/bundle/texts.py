"""The catalogues of texts as a board keeps them: `locker/texts/*.txt` in lines of one length."""

from pathlib import Path

from host_tools.errors import UserError
from host_tools.sources import locker_folder

LINE_BYTES = 96  # of locker.shell.catalogue


def languages() -> list[str]:
    """The languages there are catalogues for: `en`, `ko`."""
    return sorted(path.stem for path in (locker_folder() / "texts").glob("*.txt"))


def catalogue(language: str) -> bytes:
    """The catalogue of a language for a board; a UserError when a line is too long for one."""
    path = Path(locker_folder(), "texts", f"{language}.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if len(line.encode()) >= LINE_BYTES:
            raise UserError(f"Line {number} of {path.name} is longer than {LINE_BYTES - 1} bytes: make it shorter.")
    return b"".join(line.encode().ljust(LINE_BYTES - 1) + b"\n" for line in lines)
