"""The MicroPython of the wheel without CPython around it.

The wheel's interpreter is an extension module of CPython, whose own start takes most of a short script's
time, and six sevenths of it under valgrind. Run as a program of its own it never calls CPython: what it asks
of it at its loading is there by name only.
"""

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_OF_CPYTHON = re.compile(r" U (_?Py\w+)$", re.MULTILINE)
_PROGRAM = """
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
    void *library = dlopen("%s", RTLD_NOW);
    int (*run)(int, char **) = library ? dlsym(library, "micropython_unix_main") : 0;
    if (!run) {
        fprintf(stderr, "%%s\\n", dlerror());
        return 127;
    }
    return run(argc, argv);
}
"""


@cache
def micropython() -> str:
    """The path of the program, which is made beside the interpreter's wheel where it is not there yet."""
    found = importlib.util.find_spec("micropython_run")
    assert found is not None
    assert found.origin is not None
    library = Path(found.origin)
    program = Path(sys.prefix, "native-micropython")
    if not program.exists() or program.stat().st_mtime < library.stat().st_mtime:
        _make(library, program)
    return str(program)


def run_function(
    folders: Iterable[str], module: str, function: str, heap: str
) -> subprocess.CompletedProcess[str]:
    """Calls one function of a module that is found in these folders,
    on a fresh interpreter with that heap ("3m").

    All is said in the program: of its arguments the interpreter takes none of more than 255 characters,
    and a checkout may lie deep.
    """
    program = f"import sys; sys.path[:0] = {list(folders)!r}; getattr(__import__({module!r}), {function!r})()"
    command = [micropython(), "-X", f"heapsize={heap}", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def _make(library: Path, program: Path) -> None:
    asked = subprocess.run(
        ["nm", "-D", "--undefined-only", str(library)], capture_output=True, text=True, check=True
    ).stdout
    names = "".join(f"char {name}[1024];\n" for name in _OF_CPYTHON.findall(asked))
    with tempfile.TemporaryDirectory(dir=program.parent) as folder:
        source, made = Path(folder, "program.c"), Path(folder, "program")
        source.write_text(names + _PROGRAM % library)
        subprocess.run(["gcc", "-O1", "-rdynamic", "-o", str(made), str(source), "-ldl"], check=True)
        os.utime(made)
        made.replace(program)
