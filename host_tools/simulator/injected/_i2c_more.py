"""The seldom used methods of machine.I2C."""


def readfrom(bus, address, count, stop=True):
    buffer = bytearray(count)
    bus.readfrom_into(address, buffer)
    return bytes(buffer)


def readfrom_mem(bus, address, register, count, *, addrsize=8):
    buffer = bytearray(count)
    bus.readfrom_mem_into(address, register, buffer, addrsize=addrsize)
    return bytes(buffer)


def writeto_mem(bus, address, register, buffer, *, addrsize=8):
    bus.writeto(address, register.to_bytes(addrsize // 8, "big") + buffer)


def writevto(bus, address, vector, stop=True):
    return bus.writeto(address, b"".join(vector))


def scan(bus):
    found = []
    for address in range(8, 120):
        try:
            bus.writeto(address, b"")
            found.append(address)
        except OSError:  # nothing there
            pass
    return found
