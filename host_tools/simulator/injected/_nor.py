"""What NOR flash does to bytes at an address of memory, as machine code:
it allocates nothing and no exception can come up in it.

LittleFS calls this in the middle of its own work, where neither Ctrl-C nor a full heap may break in, just as
on the chip, where these are C functions.
"""

import micropython


@micropython.viper
def read(address: int, buffer: ptr8, count: int):  # noqa: F821 - viper's own types
    flash = ptr8(address)  # noqa: F821
    for at in range(count):
        buffer[at] = flash[at]


@micropython.viper
def program(address: int, data: ptr8, count: int):  # noqa: F821
    """Clears bits: what is there then is the AND of old and new."""
    flash = ptr8(address)  # noqa: F821
    for at in range(count):
        flash[at] &= data[at]


@micropython.viper
def erase(address: int, count: int):
    """Sets all bits."""
    flash = ptr8(address)  # noqa: F821
    for at in range(count):
        flash[at] = 0xFF
