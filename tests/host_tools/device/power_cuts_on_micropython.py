"""Run by test_flash_power_cuts.py on the real MicroPython:
an update is cut off at every single write to the flash, torn writes included.

Arguments: the folder with files.py and update.py, a file with the old set, one with the archive, one with the
new set (sets are Python literals). Prints how many cuts left the old set and how many the new one; any other
outcome ends it with an error.
"""

import os
import sys

import vfs

BLOCKS, BLOCK = 64, 4096


class Disk:
    """NOR flash in memory.

    Dies at the `left`-th operation, in the middle of it, and answers nothing but EIO from then on.
    """

    def __init__(self, image, left=-1):
        self.image = image
        self.left = left

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        try:
            buffer[:] = self.image[at : at + len(buffer)]
        except MemoryError:  # nothing may be allocated while the collector closes a file that was left open
            for i in range(len(buffer)):
                buffer[i] = self.image[at + i]

    def writeblocks(self, block, buffer, offset=0):
        if self.left == 0:
            return -5
        self.left -= 1
        at = block * BLOCK + offset
        for i in range(len(buffer) if self.left else len(buffer) // 2):
            self.image[at + i] &= buffer[i]
        return 0 if self.left else -5

    def ioctl(self, operation, argument):
        if operation == 4:
            return BLOCKS
        if operation == 5:
            return BLOCK
        if operation == 6:
            if self.left == 0:
                return -5
            self.left -= 1
            at = argument * BLOCK
            for i in range(BLOCK if self.left else BLOCK // 2):
                self.image[at + i] = 0xFF
            return 0 if self.left else -5
        return 0


def mount(disk):
    vfs.mount(vfs.VfsLfs2(disk, readsize=32, progsize=32, lookahead=32), "/")


def make_folder(path):
    try:
        os.stat(path)
    except OSError:
        os.mkdir(path)


def read_text(path):
    with open(path) as file:
        return file.read()


def write_set(files):
    for path, content in files.items():
        for end in range(1, len(path)):
            if path[end] == "/":
                make_folder(path[:end])
        with open(path, "wb") as file:
            file.write(content)


def read_set(folder, found):
    for entry in os.ilistdir(folder or "/"):
        path = folder + "/" + entry[0]
        if path == "/next":
            continue
        if entry[1] == 0x4000:
            read_set(path, found)
        else:
            with open(path, "rb") as file:
                found[path] = file.read()
    return found


def boot():
    """What a start of the board does for an update: boot.py of the board itself, if there is one."""
    sys.modules.pop("update", None)
    try:
        with open("/boot.py") as file:
            source = file.read()
    except OSError:
        return
    exec(source, {})


def main(folder, old_path, archive_path, new_path):
    sources = [read_text(folder + "/" + name) for name in ("files.py", "update.py")]
    old, new = eval(read_text(old_path)), eval(read_text(new_path))
    with open(archive_path, "rb") as file:
        archive = file.read()
    expected = __import__("hashlib").sha256(archive).digest()[:8]
    names = {}
    for source in sources:
        exec(source, names)
    vfs.umount("/")
    sys.path[:] = ["/"]
    base = Disk(bytearray(b"\xff" * (BLOCKS * BLOCK)))
    vfs.VfsLfs2.mkfs(base, readsize=32, progsize=32, lookahead=32)
    mount(base)
    write_set(old)
    vfs.umount("/")
    olds = news = cut = 0
    died = True
    while died:
        cut += 1
        disk = Disk(bytearray(base.image), cut)
        mount(disk)
        try:
            names["begin"]()
            for at in range(0, len(archive), 1024):
                names["take"](archive[at : at + 1024])
            names["unpack"](12, expected)
            names["finish_update"]()
            died = False
        except OSError as error:
            assert disk.left == 0, error
        vfs.umount("/")
        mount(Disk(disk.image))
        boot()
        found = read_set("", {})
        if not old and "/boot.py" not in found:  # a first flash: nothing of it can run yet
            assert set(found) <= {"/update.py"}, (cut, list(found))
            olds += 1
        else:
            assert found in (old, new), (cut, list(found))
            olds += found == old
            news += found == new
        if found != new:
            names["begin"]()  # and the next run goes on from here
            for at in range(0, len(archive), 1024):
                names["take"](archive[at : at + 1024])
            names["unpack"](12, expected)
        names["finish_update"]()
        assert read_set("", {}) == new, cut
        vfs.umount("/")
    print(olds, news)


main(*sys.argv[1:])
