"""What the pins of each supported chip can do, and why some are refused.

Sources, by chip:
- ESP32: ESP32 Series Datasheet, "Pin Overview", "Strapping Pins";
  ESP32-WROOM-32E Datasheet, "Pin Definitions".
- ESP32-S3: ESP32-S3 Series Datasheet, "Pin Overview", "Strapping Pins";
  ESP32-S3-WROOM-1 Datasheet, "Pin Definitions".
- ESP32-C6: ESP32-C6 Series Datasheet, "Pin Overview", "Strapping Pins";
  ESP32-C6-WROOM-1 and -MINI-1 Datasheets, "Pin Definitions".
- All: ESP-IDF Programming Guide, "GPIO & RTC GPIO" (pins of flash, USB and UART0),
  "Analog to Digital Converter" (channels, ranges, Wi-Fi).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Chip:
    """Facts of one chip, by GPIO number.

    `adc_mv` is what its ADC measures, in mV, at the 12 dB of attenuation that the firmware uses.
    """

    name: str
    pins: frozenset[int]
    absent: Mapping[int, str]
    flash: frozenset[int]
    console: Mapping[int, str]
    strapping: Mapping[int, str]  # decides how the chip starts: refused for anything
    mild_strapping: Mapping[int, str]  # starts whatever its level: refused for coils only
    input_only: frozenset[int]
    no_pull: frozenset[int]
    adc1: frozenset[int]
    adc2: frozenset[int]
    adc_mv: tuple[int, int]
    uarts: tuple[int, ...]  # 0 is the REPL's

    @property
    def free_of_side_effects(self) -> frozenset[int]:
        """The pins that a board file may use at all; what for depends on the other sets."""
        return self.pins - set(self.absent) - self.flash - set(self.console) - set(self.strapping)


def _numbers(*ranges: tuple[int, int]) -> frozenset[int]:
    """The numbers in ranges that include both ends."""
    return frozenset(number for first, last in ranges for number in range(first, last + 1))


_UART0_TX = "it is the TX of UART0, the console and REPL"
_UART0_RX = "it is the RX of UART0, the console and REPL"
_USB = "it is a data line of the USB console"

CHIPS = {
    "esp32": Chip(
        name="ESP32",
        pins=_numbers((0, 19), (21, 23), (25, 27), (32, 39)),
        absent={
            37: "the WROOM and WROVER modules do not lead it out",
            38: "the WROOM and WROVER modules do not lead it out",
        },
        flash=_numbers((6, 11)),
        console={1: _UART0_TX, 3: _UART0_RX},
        strapping={
            0: "low at reset starts the serial boot loader instead of the firmware",
            2: "high at reset keeps the serial boot loader from starting",
            12: "high at reset sets the flash to 1.8 V, and the chip does not start",
        },
        mild_strapping={
            5: "it is pulled high at reset and sets the timing of the SDIO slave",
            15: "it is pulled high at reset and decides whether the boot log is printed",
        },
        input_only=_numbers((34, 39)),
        no_pull=_numbers((34, 39)),
        adc1=_numbers((32, 39)),
        adc2=frozenset({0, 2, 4, 12, 13, 14, 15, 25, 26, 27}),
        adc_mv=(150, 2450),
        uarts=(0, 1, 2),
    ),
    "esp32s3": Chip(
        name="ESP32-S3",
        pins=_numbers((0, 21), (26, 48)),
        absent={},
        flash=_numbers((26, 37)),  # 33-37 on modules with octal flash or PSRAM; 33 and 34 are led out by none
        console={19: _USB, 20: _USB, 43: _UART0_TX, 44: _UART0_RX},
        strapping={
            0: "low at reset starts the serial boot loader instead of the firmware",
            45: "high at reset sets the flash to 1.8 V, and the chip does not start",
            46: "high at reset keeps the serial boot loader from starting",
        },
        mild_strapping={3: "it floats at reset and may choose the source of JTAG"},
        input_only=frozenset(),
        no_pull=frozenset(),
        adc1=_numbers((1, 10)),
        adc2=_numbers((11, 20)),
        adc_mv=(0, 3100),
        uarts=(0, 1, 2),
    ),
    "esp32c6": Chip(
        name="ESP32-C6",
        pins=_numbers((0, 30)),
        absent={
            10: "packages with flash inside do not lead it out",
            11: "packages with flash inside do not lead it out",
            14: "packages with flash outside do not lead it out",
        },
        flash=_numbers((24, 30)),
        console={12: _USB, 13: _USB, 16: _UART0_TX, 17: _UART0_RX},
        strapping={
            8: "low at reset keeps the serial boot loader from starting",
            9: "low at reset starts the serial boot loader instead of the firmware",
        },
        mild_strapping={
            4: "it sets the timing of the SDIO slave at reset",
            5: "it sets the timing of the SDIO slave at reset",
            15: "it may choose the source of JTAG at reset",
        },
        input_only=frozenset(),
        no_pull=frozenset(),
        adc1=_numbers((0, 6)),
        adc2=frozenset(),
        adc_mv=(0, 3300),
        uarts=(0, 1),
    ),
}

#: GPA7 and GPB7 of an MCP23017 are outputs only (Microchip DS20001952 from revision D on): a level that
#: changes there during a read can corrupt the transfer. The silicon has always been so; older revisions of
#: the data sheet did not say it.
EXPANDER_OUTPUT_ONLY = frozenset({7, 15})
#: What the address pins A0-A2 can choose (MCP23017: DS20001952, section 3.3.1; PCF8574,
#: PCF8574A: NXP data sheet, section 7.1).
EXPANDER_ADDRESSES = range(0x20, 0x28)
BACKPACK_ADDRESSES = {"pcf8574": range(0x20, 0x28), "pcf8574a": range(0x38, 0x40)}
