"""The texts of letters as they stand in their files, each in one line."""

import tomllib
from functools import cache
from pathlib import Path

from host_tools.host.notify import wording

FOLDER = Path(wording.__file__).parent


@cache
def letter_texts(section: str, language: str = "en") -> dict[str, str]:
    """The texts of a section, such as `resident`, by their kinds."""
    document = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {kind: " ".join(entry["text"].split()) for kind, entry in document[section].items()}
