"""Messages keep their fields, their ranges and their lengths."""

from golden import cases, raw

from host_tools.link.messages import (
    OF_HOST,
    TABLE,
    Ack,
    Events,
    Report,
    Status,
    Urgent,
    decode_message,
    encode_message,
    named,
    typed,
)
from locker.wire.frame import BadFrame
from locker.wire.messages import ACK, FIELDS, STATUS, decode, encode

BY_NAME = {made.__name__: made for _kind, made in TABLE}
REPORT = Report(b"board-id", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
RECORD = b"\x0a" + bytes(19)


def message_of(case):
    """The message of a vector: raw values are hexadecimal, numbers are numbers."""
    values = []
    for _name, value in case["fields"]:
        values.append(
            tuple([raw(text) for text in value])
            if isinstance(value, list)
            else raw(value)
            if isinstance(value, str)
            else value
        )
    return BY_NAME[case["message"]](*values)


def others():
    """The messages of the vectors that have fields of their own."""
    return [message_of(case) for case in cases("messages.json") if FIELDS[typed(message_of(case))[0]]]


def refuses(error, act, argument):
    try:
        act(argument)
    except error:
        return True
    return False


def changed(message, at, value):
    values = list(message)
    values[at] = value
    return message.__class__(*values)


def test_every_type_byte_names_one_message():
    assert len({row[0] for row in TABLE}) == len({row[1] for row in TABLE}) == len(TABLE)
    assert [kind for kind, _made in TABLE] == list(range(1, len(FIELDS)))


def test_a_message_has_the_fields_that_the_table_says():
    for message in others():
        assert len(typed(message)) == 1 + len(FIELDS[typed(message)[0]])


def test_the_board_says_what_the_host_would_have_it_say():
    for case in cases("messages.json"):
        message = message_of(case)
        for said in (typed(message), list(typed(message))):
            assert encode(said) == raw(case["plaintext"])
        assert named(typed(message)) == message


def test_the_board_understands_what_the_host_says_and_passes_over_what_is_newer():
    assert decode(encode_message(Ack(0x01020304))) == (ACK, 0x01020304)
    assert decode(encode_message(Ack(7)) + b"newer field") == (ACK, 7)
    for kind in (0, len(FIELDS), 255):
        assert decode(bytes((kind,)) + b"newer message") is None
    for message in [one for one in others() if type(one) in dict(OF_HOST).values()]:
        plaintext = encode_message(message)
        assert decode(plaintext) == typed(message)
        for size in range(len(plaintext)):
            assert refuses(BadFrame, decode, plaintext[:size])


def test_the_board_says_nothing_that_lacks_a_field():
    assert refuses(IndexError, encode, (ACK,))
    assert refuses(IndexError, encode, (STATUS, 1, 2, 3))


def test_messages_are_those_of_the_golden_vectors():
    vectors = cases("messages.json")
    assert {case["message"] for case in vectors} == set(BY_NAME)
    for case in vectors:
        message, plaintext = message_of(case), raw(case["plaintext"])
        assert encode_message(message) == plaintext
        assert decode_message(plaintext) == message


def test_malformed_messages_are_those_of_the_vectors():
    for case in cases("malformed.json"):
        of_board = case["of"] == "board"
        assert refuses(BadFrame, decode_message if of_board else decode, raw(case["plaintext"])), case["what"]


def test_a_field_out_of_its_range_is_refused_before_it_can_wrap():
    assert encode_message(REPORT)
    for at, values in (
        (0, (b"", b"seven b", b"nine byte")),
        (1, (0, -1, 1 << 32)),
        (7, (0, 1 << 16)),
        (8, (-1, 1 << 32)),
        (10, (-1, 1 << 48)),
    ):
        for value in values:
            assert refuses(ValueError, encode_message, changed(REPORT, at, value))
    for number in (-1, 1 << 32, 1 << 40):
        assert refuses(ValueError, encode_message, Ack(number))
    assert refuses(ValueError, encode_message, Status(0, 1, 1 << 48, 0))


def test_only_messages_of_the_table_are_sent():
    for stranger in ((5,), b"bytes", None):
        assert refuses(ValueError, encode_message, stranger)
    for records in ((), (RECORD,) * 9):
        assert refuses(ValueError, encode_message, Events(records))
    for record in (b"", RECORD + b"\0", bytes(20)):
        assert refuses(ValueError, encode_message, Urgent(record))


def test_messages_with_records_are_filled_to_32_bytes():
    assert len(encode_message(Urgent(RECORD))) == 32
    assert len(encode_message(Urgent(b"\xff" * 20))) == 32
    assert len(encode_message(Events((RECORD,)))) == 32


def test_a_message_cut_short_or_out_of_range_is_refused():
    for message in others():
        plaintext = encode_message(message)
        for size in range(len(plaintext)):
            assert refuses(BadFrame, decode_message, plaintext[:size])
    assert refuses(
        BadFrame, decode_message, encode_message(REPORT)[:9] + bytes(4) + encode_message(REPORT)[13:]
    )
    assert refuses(BadFrame, decode_message, b"\3" + encode_message(Events((RECORD, RECORD)))[1:])


def test_what_a_newer_minor_version_adds_is_passed_over():
    assert decode_message(encode_message(REPORT) + b"newer field") == REPORT
    assert decode_message(encode_message(Ack(7)) + b"\0") == Ack(7)
    assert decode_message(b"\xfenew message") is None
