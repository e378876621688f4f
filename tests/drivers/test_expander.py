"""The expander: latches before directions, one transaction for sixteen inputs, writing only what changes."""

from wires import Bus

from locker.drivers.expander import Expander

IODIR, IPOL, GPPU, IOCON, GPIO, OLAT = 0x00, 0x02, 0x0C, 0x0A, 0x12, 0x14


def word_of(two):
    return two[0] | two[1] << 8


class Registers:
    """An MCP23017 with IOCON.BANK = 0, as far as reading and writing in sequence;
    the register after the last is the first.
    """

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
        return bytes(self.bytes[(self.pointer + place) % len(self.bytes)] for place in range(count))

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
    """Whether one of two refreshes raises, before anything is believed that has to read the same twice."""
    return any(raises_oserror(expander.refresh) for _ in range(2))


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
    for register in (IODIR, IODIR + 1, IPOL, IPOL + 1, GPPU, GPPU + 1, OLAT, OLAT + 1):
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


class Torn(Registers):
    """Loses its supply for a moment after some bytes of a read, and says no more in it:
    a bus that nobody pulls down reads ones.
    """

    def __init__(self):
        super().__init__()
        self.left = None

    def asked(self, count):
        data = bytearray(super().asked(count))
        if self.left is not None:
            for place in range(self.left, count):
                data[place] = 0xFF
            self.left = None
            Registers.__init__(self)
        return bytes(data)


def test_a_supply_that_dips_at_any_byte_of_any_read_gives_no_level_that_was_not_there():
    for inputs_only in (False, True):
        for reads in range(4):
            for left in range(14):
                chip = Torn()
                expander = Expander(Bus(0x20, chip), 0x20)
                if not inputs_only:
                    expander.output(8)
                for bit in range(7):
                    expander.input(bit)
                expander.start()
                for _ in range(reads):
                    expander.refresh()
                chip.bytes[GPIO : GPIO + 2] = b"\x2a\x00"
                chip.left = left
                for _ in range(3):
                    raises_oserror(expander.refresh)
                    assert expander.levels in (b"\x00\x00", b"\x2a\x00"), (reads, left)
                assert not expander.started()


def test_a_read_that_is_disturbed_once_costs_neither_the_levels_nor_the_pulse_that_is_on():
    for place in range(8):
        chip, _, expander = made()
        expander.output(8)
        expander.start()
        expander.write(8, 1)
        chip.bytes[GPIO] = 0x12
        whole = chip.asked

        def once(count, place=place, chip=chip, whole=whole):
            data = bytearray(whole(count))
            data[place] ^= 0x10
            chip.asked = whole
            return bytes(data)

        chip.asked = once
        expander.refresh()
        expander.refresh()
        assert expander.started()
        assert chip.word(OLAT) == 0x100
        assert expander.levels[0] == 0x12


def test_no_configured_chip_looks_as_a_reset_leaves_it():
    for bits in ((), (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14)):
        chip, _, expander = made()
        for bit in bits:
            expander.input(bit)
        expander.start()
        assert chip.word(IODIR) != 0xFFFF
        assert chip.word(OLAT) == 0
        chip.__init__()
        assert raises_oserror(expander.refresh)
