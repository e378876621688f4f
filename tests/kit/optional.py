"""Programs that run as where an optional package is not installed."""

from pathlib import Path


def without(folder: Path, *modules: str) -> dict[str, str]:
    """What a Python program's environment needs to find none of these modules;
    `folder` keeps what tells it so.
    """
    hidden = folder / "without"
    hidden.mkdir(exist_ok=True)
    (hidden / "sitecustomize.py").write_text(f"import sys\nsys.modules |= dict.fromkeys({modules!r})\n")
    return {"PYTHONPATH": str(hidden)}
