"""The expander: latches before directions, one transaction for sixteen inputs, writing only what changes."""

from wires import Bus

from locker.drivers.expander import Expander

IODIR, GPPU, IOCON, GPIO, OLAT = 0x00, 0x0C, 0x0A, 0x12, 0x14


def word_of(two):
    return two[0] | two[1] << 8


class Registers:
    """An MCP23017 with IOCON.BANK = 0, as far as reading and writing in sequence."""

    def __init__(self):
        self.bytes = bytearray(22)
        self.bytes[IODIR : IODIR + 2] = b"\xff\xff"
        self.pointer = 0
        self.writes = []

    def written(self, data):
        self.pointer = data[0]
        for byte in data[1:]:
            self.bytes[self.pointer] = byte
            self.pointer += 1
        if len(data) > 1:
            self.writes.append(data)

    def asked(self, count):
        return self.bytes[self.pointer : self.pointer + count]

    def word(self, register):
        return word_of(self.bytes[register : register + 2])


def made():
    chip = Registers()
    bus = Bus(0x20, chip)
    return chip, bus, Expander(bus, 0x20)


def raises_oserror(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return True
    return False


def test_nothing_is_sent_before_the_start_and_whoever_asks_is_told():
    _, bus, expander = made()
    expander.output(7)
    expander.input(0)
    assert raises_oserror(expander.write, 7, 1)
    assert raises_oserror(expander.write, 7, 0)
    assert raises_oserror(expander.refresh)
    assert bus.transactions == 0


def test_a_start_leaves_directions_pulls_and_levels_as_asked_for():
    chip, _, expander = made()
    chip.bytes[OLAT] = chip.bytes[OLAT + 1] = 0xFF
    expander.output(7)
    expander.output(15)
    expander.input(0)
    expander.input(9)
    expander.start()
    assert chip.word(IODIR) == 0xFFFF & ~(1 << 7 | 1 << 15)
    assert chip.word(GPPU) == 1 << 0 | 1 << 9
    assert chip.word(OLAT) == 0


def test_the_latch_is_written_before_the_direction():
    chip, _, expander = made()
    expander.output(7)
    expander.start()
    registers = [write[0] for write in chip.writes]
    assert registers.index(OLAT) < registers.index(IODIR)


def test_an_output_is_written_when_it_changes_and_not_otherwise():
    chip, bus, expander = made()
    coil, lamp = 7, 8
    expander.output(coil)
    expander.output(lamp)
    expander.start()
    before = bus.transactions
    expander.write(coil, 0)
    expander.write(lamp, 0)
    assert bus.transactions == before
    expander.write(lamp, 1)
    expander.write(lamp, 1)
    assert bus.transactions == before + 1
    assert chip.writes[-1] == bytes((OLAT, 0x00, 0x01))
    expander.write(coil, 1)
    assert chip.writes[-1] == bytes((OLAT, 0x80, 0x01))
    expander.write(lamp, 0)
    expander.write(coil, 0)
    assert chip.word(OLAT) == 0
    assert bus.transactions == before + 4


def test_a_refresh_reads_sixteen_inputs_in_one_transaction():
    chip, bus, expander = made()
    for bit in range(16):
        if bit & 7 != 7:
            expander.input(bit)
    expander.start()
    for word in (0x0000, 0x7F7F, 0x1234, 0x4201, 0x0055):
        chip.bytes[GPIO : GPIO + 2] = bytes((word & 0xFF, word >> 8))
        before = bus.transactions
        expander.refresh()
        assert bus.transactions == before + 1
        assert word_of(expander.levels) == word
    chip.bytes[GPIO] ^= 0xFF
    assert word_of(expander.levels) == word, "levels are what was last refreshed"
    assert bus.transactions == before + 1


def test_the_start_reads_the_inputs_too():
    chip, _, expander = made()
    chip.bytes[GPIO] = 0x04
    expander.input(2)
    expander.start()
    assert word_of(expander.levels) == 0x04


def test_an_output_that_could_not_be_written_is_written_by_the_next_refresh():
    chip, bus, expander = made()
    expander.output(7)
    expander.start()
    expander.write(7, 1)
    bus.broken = True
    assert raises_oserror(expander.write, 7, 0)
    assert raises_oserror(expander.refresh)
    assert chip.word(OLAT) == 0x80
    bus.broken = False
    expander.refresh()
    assert chip.word(OLAT) == 0


def test_an_output_that_moved_although_the_bus_failed_is_taken_back():
    chip, bus, expander = made()
    expander.output(7)
    expander.start()
    bus.deaf = True
    assert raises_oserror(expander.write, 7, 1)
    assert chip.word(OLAT) == 0x80
    bus.deaf = False
    expander.write(7, 0)
    assert chip.word(OLAT) == 0


def test_a_chip_that_does_not_answer_says_so():
    _, bus, expander = made()
    bus.broken = True
    assert raises_oserror(expander.start)


def noticed(expander):
    """Whether a second of refreshing raises."""
    return any(raises_oserror(expander.refresh) for _ in range(50))


def test_a_chip_that_lost_its_power_is_noticed_and_starts_again_with_its_coils_off():
    chip, _, expander = made()
    expander.output(7)
    expander.input(0)
    expander.start()
    assert not noticed(expander)
    expander.write(7, 1)
    assert not noticed(expander)
    chip.__init__()
    assert noticed(expander)
    assert noticed(expander), "for as long as it is so"
    expander.start()
    assert not noticed(expander)
    assert chip.word(OLAT) == 0


def test_each_lost_register_is_noticed():
    for register in (IODIR, IODIR + 1, GPPU, OLAT + 1):
        chip, _, expander = made()
        expander.output(8)
        expander.input(0)
        expander.start()
        chip.bytes[register] ^= 0x10
        assert noticed(expander), register


def test_inputs_are_read_by_every_refresh_also_by_those_that_check():
    chip, bus, expander = made()
    expander.input(3)
    expander.start()
    for turn in range(120):
        chip.bytes[GPIO : GPIO + 2] = bytes((turn & 0x7F, ~turn & 0x7F))
        before = bus.transactions
        expander.refresh()
        assert bus.transactions == before + 1
        assert expander.levels == bytes((turn & 0x7F, ~turn & 0x7F))
