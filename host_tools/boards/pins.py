"""A pin as a board file writes it: `gpio16` on the chip, `0x20.GPA3` on an MCP23017 expander."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_NATIVE = re.compile(r"gpio(0|[1-9]\d?)")
_EXPANDER = re.compile(r"0x([0-9a-f]{2})\.GP([AB])([0-7])", re.IGNORECASE)
HOW_TO_WRITE = 'write "gpio16" for a pin of the chip or "0x20.GPA3" for one of an expander'


@dataclass(frozen=True, order=True)
class Pin:
    """A native GPIO, or bit 0-15 of the MCP23017 at an I2C address: GPA0-7 are 0-7, GPB0-7 are 8-15."""

    number: int
    expander: int | None = None

    def __str__(self) -> str:
        if self.expander is None:
            return f"gpio{self.number}"
        return f"0x{self.expander:02x}.GP{'AB'[self.number // 8]}{self.number % 8}"

    @property
    def native(self) -> bool:
        """True for a pin of the chip itself."""
        return self.expander is None

    def as_json(self) -> int | list[int]:
        """As board.json has it: a number, or a pair of address and bit."""
        return self.number if self.expander is None else [self.expander, self.number]


def parse_pin(text: Any) -> Pin:
    """The pin that a text names; raises ValueError for anything else."""
    if isinstance(text, Pin):
        return text
    if isinstance(text, str):
        if native := _NATIVE.fullmatch(text):
            return Pin(int(native[1]))
        if expander := _EXPANDER.fullmatch(text):
            return Pin("AB".index(expander[2].upper()) * 8 + int(expander[3]), int(expander[1], 16))
    raise ValueError(f"{text!r} is no pin")


#: A field of a model: text in, Pin inside, text out.
PinField = Annotated[Pin, BeforeValidator(parse_pin), PlainSerializer(str)]
