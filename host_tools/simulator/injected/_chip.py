"""The line to the simulated chip: descriptor 3, one request a packet, answers of the length the asker expects.

The other end is virtual_board/chip_server.py, which has the table of requests. Outputs are posted; only what the answer of
matters to waits. An answer begins with a status byte: 0, or the errno to raise.
"""

import uctypes

_line = open(3, "r+b", buffering=0)
_write = _line.write
_read = _line.readinto
_post = bytearray(4)
_bit = bytearray(2)

busy = False
_late = False
_interrupt = None


def post(op, a=0, b=0, c=0):
    """A request of four bytes that has no answer."""
    _post[0] = op
    _post[1] = a
    _post[2] = b
    _post[3] = c
    send(_post)


def send(packet):
    """A request that has no answer. An output that was ordered happens even when Ctrl-C comes in between."""
    try:
        _write(packet)
    except KeyboardInterrupt:
        _write(packet)
        raise


def ask(packet, answer):
    """A request; its answer fills the buffer, whose first byte is the status."""
    global busy, _late
    busy = True
    _write(packet)
    try:
        _read(answer)
    except KeyboardInterrupt:
        _read(answer)  # it is still on its way: left there, it would answer the next question
        busy = False
        raise
    busy = False
    if _late:
        _late = False
        _interrupt(0)
    if answer[0]:
        raise OSError(answer[0])
    return answer


def bit(op, a):
    """The one byte that answers a request of two."""
    _post[0] = op
    _post[1] = a
    return ask(_post, _bit)[1]


def on_interrupt(hook, function):
    """Has SIGUSR2 schedule `function(0)`, but never in the middle of an exchange with the chip."""
    global _interrupt
    _interrupt = function

    def arrived(_):
        global _late
        if busy:
            _late = True
        else:
            function(0)

    uctypes.bytearray_at(hook, 8)[:] = id(arrived).to_bytes(8, "little")
    return arrived
