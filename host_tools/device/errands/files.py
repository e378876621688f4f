"""The board's files: what is there, and how a set of new ones gets to /next,
verified, before update.py installs it.
"""

import os
from binascii import b2a_base64, hexlify
from hashlib import sha256

archive = None
chunk = memoryview(bytearray(512))


def fingerprint(path):
    """The SHA-256 of a file's content."""
    whole = sha256()
    with open(path, "rb") as file:
        while True:
            count = file.readinto(chunk)
            if not count:
                return whole.digest()
            whole.update(chunk[:count])


def kind(path):
    """0x4000 for a folder, 0x8000 for a file, 0 when there is nothing."""
    try:
        return os.stat(path)[0]
    except OSError:
        return 0


def walk(folder, visit):
    """Calls `visit(folder, names of its files)` for a folder and for each one in it."""
    entries = sorted(os.ilistdir(folder), key=lambda entry: entry[0])
    visit(folder, [entry[0] for entry in entries if entry[1] != 0x4000])
    for entry in entries:
        if entry[1] == 0x4000:
            walk(folder + "/" + entry[0], visit)


def walk_all(folders, names, visit):
    """The same for those files of the root and for those folders."""
    visit("", [name for name in names if kind("/" + name) == 0x8000])
    for folder in folders:
        if kind(folder) == 0x4000:
            walk(folder, visit)


def survey(folders, names, expected):
    """(free bytes, bytes of a block, lines) of those folders and of those files of the root.

    A line that begins with : names a folder; another one is the first 6 bytes of a file's SHA-256 in base64
    and its name in the folder before. `expected` maps a folder to the first 4 bytes of the SHA-256 over such
    lines: where they agree, = and its name is all.
    """
    lines = []

    def visit(folder, files):
        told = [b2a_base64(fingerprint(folder + "/" + name)[:6]).decode().strip() + name for name in files]
        if sha256("\n".join(told).encode()).digest()[:4] == expected.get(folder):
            lines.append("=" + folder)
        else:
            lines.append(":" + folder)
            lines.extend(told)

    walk_all(folders, names, visit)
    space = os.statvfs("/")
    return space[0] * space[3], space[0], "\n".join(lines)


def digest(folders, names):
    """SHA-256 (hex) over the same paths and their contents, in order of the paths."""
    paths = []
    walk_all(folders, names, lambda folder, files: paths.extend([folder + "/" + name for name in files]))
    whole = sha256()
    for path in sorted(paths):
        whole.update(path.encode() + b"\0" + fingerprint(path))
    return hexlify(whole.digest()).decode()


def has_journal():
    """Whether the chip's partition table has the firmware's journal."""
    from esp32 import Partition

    return bool(Partition.find(Partition.TYPE_DATA, label="journal"))


def read(path):
    """The content of a small file, None when there is none."""
    if not kind(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def begin():
    """Empties /next and opens the archive in it: a manifest, an empty line, the contents in order.

    What was staged but never decided is lost.
    """
    global archive
    if kind("/next"):
        for name in os.listdir("/next"):
            os.remove("/next/" + name)
    else:
        os.mkdir("/next")
    archive = open("/next/archive", "wb")


def take(data):
    """The next bytes of the archive."""
    archive.write(data)


def unpack(window_bits, expected):
    """Writes each staged file, reads it back, compares, then renames the manifest into place:
    the update is decided.

    `window_bits` is that of the raw deflate stream, 0 for no compression; `expected` the first 8 bytes of the
    archive's SHA-256. Raises ValueError(PATH) when something else arrived or the flash gave something else
    back.
    """
    archive.close()
    if fingerprint("/next/archive")[:8] != expected:
        raise ValueError("/next/archive")
    file = stream = open("/next/archive", "rb")
    if window_bits:
        import deflate

        stream = deflate.DeflateIO(file, deflate.RAW, window_bits)
    lines = []
    line = stream.readline()
    while line not in (b"\n", b""):
        lines.append(line)
        line = stream.readline()
    for number in range(len(lines)):
        if lines[number][:1] == b"+":
            _, path, expected, *pieces = lines[number].split()
            staged = "/next/%d" % number
            assemble(stream, path, staged, pieces)
            if hexlify(fingerprint(staged)[:8]) != expected:
                raise ValueError(path.decode())
    file.close()
    os.remove("/next/archive")
    with open("/next/manifest.new", "wb") as file:
        for line in lines:
            file.write(line)
    os.rename("/next/manifest.new", "/next/manifest")


def assemble(stream, path, staged, pieces):
    """Writes a file from its pieces: `LENGTH` bytes of the stream, or `LENGTH@OFFSET`,
    that many added to those of the file of today.

    A stream that ends early leaves a shorter file, which the fingerprint tells.
    """
    with open(staged, "wb") as file:
        for piece in pieces:
            left, _, offset = piece.decode().partition("@")
            left = int(left)
            old = offset and open(path, "rb")
            if old:
                old.seek(int(offset))
            while left:
                part = chunk[: min(left, 512)]
                count = stream.readinto(part)
                if not count:
                    break
                if old:
                    for at, byte in enumerate(old.read(count)):
                        part[at] = part[at] + byte & 255
                file.write(part[:count])
                left -= count
            if old:
                old.close()
