"""Runs on a provisioned virtual board: prints the heap in use once each part of the firmware is there. `names` is main.py's list."""

import gc
import json


def told(what):
    gc.collect()
    print(what, gc.mem_alloc())


told("interpreter")
for package in ("", "core", "wire", "drivers", "shell", "hal"):
    for name in names:  # noqa: F821 - given before this runs
        if name.partition(".")[0] == package or not (package or "." in name):
            gc.collect()
            __import__("locker." + name)
    told(package or "common")

from locker.hal.esp32 import open_hal  # noqa: E402
from locker.shell.app import App  # noqa: E402
from locker.shell.identity import from_json  # noqa: E402

with open("/identity.json") as identity, open("/network.json") as network:
    app = App(open_hal(), from_json(json.load(identity)), json.load(network))
app.boot()
for _ in range(50):
    app.step()
told("cabinet at work")
