"""Links and compiles the firmware when a wheel is built, so that it carries what boards get.

An editable install has the sources.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Firmware(BuildHookInterface):
    """Puts `host_tools/_carried/firmware.zip`, and `firmware_debug.zip` with line numbers, into the wheel.

    The linked source and its map lie beside the wheel, in `ansim-VERSION-linked`.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        sys.path[:0] = [str(root), str(root / "firmware")]
        from host_tools.bundle.contents import packed
        from host_tools.bundle.making import make

        self._plain, self._debug = make(), make(debug=True)
        self._files = [Path(self.directory, name) for name in ("firmware.zip", "firmware_debug.zip")]
        for path, made in zip(self._files, (self._plain, self._debug), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(packed(made))
            build_data["force_include"][str(path)] = f"host_tools/_carried/{path.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version == "editable":
            return
        from host_tools.bundle.linked_source import write_linked

        for path in self._files:
            path.unlink()
        folder = Path(artifact_path).parent / f"{self.metadata.core.raw_name}-{self.metadata.version}-linked"
        shutil.rmtree(folder, ignore_errors=True)
        write_linked(folder, self._plain.build, self._debug)
