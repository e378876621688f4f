// Runs the firmware of a board on MicroPython for WebAssembly, whose pointers have 32 bits as on an ESP32, and prints its heap in bytes.
//
// Usage: node meter.mjs INTERPRETER.mjs HEAP_BYTES FILES.json, where FILES.json maps paths to base64. This port collects garbage only when
// no Python code runs: so each part of the program is a run of its own, and what it keeps hangs on a global name.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [interpreter, heapBytes, filesPath] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(interpreter));
const said = [];
const python = await loadMicroPython({ heapsize: Number(heapBytes), stdout: (line) => said.push(line), linebuffer: true });

for (const [path, content] of Object.entries(JSON.parse(readFileSync(filesPath)))) {
  const folders = path.split("/").slice(1, -1);
  folders.forEach((_, depth) => {
    const folder = "/" + folders.slice(0, depth + 1).join("/");
    if (!python.FS.analyzePath(folder).exists) python.FS.mkdir(folder);
  });
  python.FS.writeFile(path, Buffer.from(content, "base64"));
}

function run(code) {
  try {
    python.runPython(code);
  } catch (error) {
    console.error(said.join("\n"));
    console.error(error.message);
    process.exit(1);
  }
  python.runPython("import gc\ngc.collect()");
}

function told(what) {
  said.length = 0;
  python.runPython("import micropython, gc\nmicropython.mem_info()\nprint('allocated', gc.mem_alloc())");
  const info = said.join("\n");
  const run = Number(/max free sz: (\d+)/.exec(info)[1]) * 16; // a block of the collector has four words
  console.log(JSON.stringify({ what, live: Number(/allocated (\d+)/.exec(info)[1]), run, heap: Number(/total: (\d+)/.exec(info)[1]) }));
}

run("import sys\nsys.path[:] = ['', '/still', '/lib']");
told("interpreter");
run("import machine, esp32, network, socket, select, cryptolib, board_os\nsys.modules['os'] = board_os.Os()");
told("stand-ins");
run("import locker");
told("common");
const main = Buffer.from(JSON.parse(readFileSync(filesPath))["/main.py"], "base64").toString();
for (const name of /in "(.*)"\.split/.exec(main)[1].split(" ")) {
  run(`__import__("locker.${name}")`);
  told(name);
}
// The linker has given new names to most members: the one that runs the cabinet is the one that is called with a coroutine. It is found in a
// first start, and in the second one it only keeps the coroutine, which is then taken step by step.
run(`
from locker.hal import open_hal as _open_hal
from locker.shell import start as _start
class _Found(BaseException):
    pass
class _Finder:
    def __init__(self, hal):
        self._hal = hal
    def __getattr__(self, name):
        found = getattr(self._hal, name)
        def called(*arguments):
            if arguments and type(arguments[0]) is type((lambda: (yield))()):
                raise _Found(name)
            return found(*arguments)
        return called if callable(found) else found
def _held():
    hal = _open_hal()
    setattr(hal, _name, lambda coroutine: globals().__setitem__("_coroutine", coroutine))
    return hal
`);
run(`
try:
    _start(lambda: _Finder(_open_hal()))
except _Found as error:
    _name = error.args[0]
del _Found, _Finder
`);
run("_start(_held)");
for (let step = 0; step < 50; step++) run("_coroutine.send(None)");
told("cabinet at work");
