"""Links and compiles the firmware when a wheel is built, so that it carries what boards get. An editable install has the sources."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Firmware(BuildHookInterface):
    """Puts `host_tools/_carried/firmware.zip` into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        sys.path[:0] = [str(root), str(root / "firmware")]
        from host_tools.bundle.contents import packed
        from host_tools.bundle.making import make

        self._made = Path(self.directory) / "firmware.zip"
        self._made.parent.mkdir(parents=True, exist_ok=True)
        self._made.write_bytes(packed(make()))
        build_data["force_include"][str(self._made)] = "host_tools/_carried/firmware.zip"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._made.unlink()
