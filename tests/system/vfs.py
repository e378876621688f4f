"""The file system in the vfs partition of a flash image, read and written by littlefs-python."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import littlefs

from host_tools.boards import partitions
from host_tools.boards.partitions import SECTOR_BYTES
from host_tools.simulator.chip.flash import FlashImage


@contextmanager
def file_system(image: Path) -> Iterator[littlefs.LittleFS]:
    """The image's files, with the geometry that both sides agreed on;
    formatted first when the partition is blank, as the board does.

    What changes in the block is in the image after it.
    Raises littlefs.LittleFSError when the file system is damaged.
    """
    with FlashImage(image) as flash:
        partition = partitions.find(flash.partitions, "vfs")
        before = flash.read(partition.offset, partition.size)
        context = littlefs.UserContext(partition.size)
        context.buffer[:] = before
        files = littlefs.LittleFS(
            context,
            block_size=SECTOR_BYTES,
            block_count=partition.size // SECTOR_BYTES,
            read_size=32,
            prog_size=32,
            cache_size=128,
            lookahead_size=32,
            mount=False,
        )
        if before == b"\xff" * partition.size:
            files.format()
        files.mount()
        yield files
        if context.buffer != before:
            flash.replace(partition.offset, bytes(context.buffer))


def put_files(image: Path, contents: Mapping[str, bytes]) -> None:
    """Files into the image, by their absolute paths; the folders on the way are made."""
    with file_system(image) as files:
        for name, content in contents.items():
            files.makedirs(str(PurePosixPath(name).parent), exist_ok=True)
            with files.open(name, "wb") as file:
                file.write(content)
