"""A font with Hangul of this machine: none comes with this program."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from host_tools.errors import UserError

_HOME = Path("~")
FOLDERS = (
    *(_HOME / name for name in (".local/share/fonts", ".fonts", "Library/Fonts")),
    *map(Path, ("/usr/local/share/fonts", "/usr/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")),
)
#: Files of a family: its regular and its bold face.
_FAMILIES = (
    ("PretendardGOV-Regular.ttf", "PretendardGOV-Bold.ttf"),
    ("Pretendard-Regular.ttf", "Pretendard-Bold.ttf"),
    ("NotoSansKR-Regular.ttf", "NotoSansKR-Bold.ttf"),
    ("NanumGothic.ttf", "NanumGothicBold.ttf"),
    ("NanumBarunGothic.ttf", "NanumBarunGothicBold.ttf"),
    ("malgun.ttf", "malgunbd.ttf"),
)


class Family(NamedTuple):
    """The files of two faces."""

    regular: Path
    bold: Path


def family(folders: Iterable[Path] = FOLDERS) -> Family:
    """The first family that is there. Raises UserError where there is none."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in _files(folder):
            found.setdefault(path.name, path)
    for regular, bold in _FAMILIES:
        if regular in found and bold in found:
            return Family(found[regular], found[bold])
    raise UserError(
        "This machine has no font for Hangul that can be printed with: install Nanum Gothic "
        "(`apt install fonts-nanum`), then run the command again."
    )


def _files(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.expanduser().rglob("*.ttf"))
    except (OSError, RuntimeError):  # not readable, or there is no home
        return ()
