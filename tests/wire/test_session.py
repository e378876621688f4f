"""Two sessions agree on keys, take each message once, and no replay or stranger comes between them."""

import struct

from golden import cases, raw
from pair import ALIAS, BOARD_ID, REPORT, BoardSession, Entropy, Pair

from host_tools.link.messages import Ack, Events, Report, Resume, Status, Urgent
from host_tools.link.session import HostSession, NotReady
from locker.wire import frame

RECORD = struct.pack("<BBHIIII", 10, 7, 3, 6, 105, 0, 300)


def payload_of(whole):
    (payload,) = frame.Decoder().feed(whole)
    return payload


def not_ready(session):
    try:
        session.seal(Ack(1))
    except NotReady:
        return isinstance(session, HostSession) and not session.ready
    except AssertionError:
        return isinstance(session, BoardSession) and not session.ready
    return False


def test_both_ends_are_ready_after_one_message_each_way_and_one_more():
    pair = Pair()
    assert not_ready(pair.board)
    assert not_ready(pair.host)
    hello = pair.greet()
    assert pair.at_host(hello) == []
    assert not_ready(pair.host)  # an old HELLO could have done as much
    assert pair.at_board(pair.host.outgoing()) == []
    assert pair.board.ready
    assert pair.at_host(pair.board.seal(REPORT)) == [REPORT]
    assert pair.host.ready
    assert pair.at_board(pair.host.seal(Ack(9))) == [Ack(9)]
    assert (pair.board.rejected, pair.host.rejected) == (0, 0)


def test_the_handshake_is_that_of_the_golden_vectors():
    (case,) = cases("session.json")
    nonces = [raw(case["hello_nonce"])]
    board = BoardSession(
        raw(case["master_secret"]),
        raw(case["board_id"]),
        raw(case["alias"]),
        lambda count: nonces.pop() if nonces else b"\0",
    )
    host = HostSession(
        raw(case["master_secret"]),
        raw(case["board_id"]),
        raw(case["alias"]),
        lambda count: raw(case["host_secret"]),
    )
    board.start(0)
    board.step(0)
    frames = [board.outgoing()]
    host.accept(payload_of(frames[-1]), 0)
    frames.append(host.outgoing())
    board.accept(payload_of(frames[-1]), 0)
    report = Report(raw(case["board_id"]), *case["report"])
    frames.append(board.seal(report))
    assert host.accept(payload_of(frames[-1]), 0) == report
    frames.append(host.seal(Resume(*case["held"])))
    assert board.accept(payload_of(frames[-1]), 0) == Resume(*case["held"])
    frames.append(board.seal(Urgent(raw(case["record"]))))
    assert host.accept(payload_of(frames[-1]), 0) == Urgent(raw(case["record"]))
    frames.append(host.seal(Ack(6)))
    assert board.accept(payload_of(frames[-1]), 0) == Ack(6)
    assert frames == [raw(text) for text in case["frames"]]


def test_frames_are_as_small_as_the_byte_budget_needs():
    pair = Pair().meet()
    assert len(pair.board.seal(Urgent(RECORD))) <= 60
    assert len(pair.board.seal(Events((RECORD,)))) <= 60
    assert len(pair.host.seal(Ack(0xFFFFFFFF))) <= 36
    heartbeat = len(pair.board.seal(Status(1 << 31, 1 << 31, 0xFFFFFFFFFFFF, 0))) + len(
        pair.host.seal(Ack(0xFFFFFFFF))
    )
    assert (heartbeat + 4) * 288 < 24000  # a day; 4 for sequence numbers of three bytes


def test_a_parcels_life_takes_at_most_256_bytes():
    pair = Pair().meet()

    def visit(*steps):
        records = []
        for at, (kind, a, uptime) in enumerate(steps):
            records.append(struct.pack("<BBHIIII", kind, 12, 40, 1000000 + at, 10000000 + uptime, a, 4711))
        return Events(tuple(records))

    deposit = visit((2, 99999, 0), (3, 1, 1), (4, 0, 4), (5, 1, 180), (6, 99999, 180))
    pickup = visit((9, 1, 0), (10, 0, 5), (3, 1, 6), (4, 0, 9), (5, 0, 150), (11, 99999, 150))
    opened = Urgent(struct.pack("<BBHIIII", 10, 12, 40, 1000001, 10000005, 0, 4711))
    line = [pair.board.seal(message) for message in (deposit, opened, pickup)] + [
        pair.host.seal(Ack(1000005)) for _ in range(2)
    ]
    sequence_numbers = 2 * 5  # each may take two bytes more than in a young session
    assert sum([len(whole) for whole in line]) + sequence_numbers <= 256


def test_a_message_is_taken_once_however_often_it_comes():
    pair = Pair().meet()
    line = pair.board.seal(Urgent(RECORD))
    assert pair.at_host(line * 3) == [Urgent(RECORD)]
    assert pair.host.rejected == 2


def test_messages_out_of_order_are_taken_within_the_window_and_not_beyond():
    pair = Pair().meet()
    lines = [pair.board.seal(Urgent(RECORD)) for _ in range(40)]
    assert pair.at_host(lines[39]) == [Urgent(RECORD)]
    for at, line in enumerate(lines[:39]):
        assert len(pair.at_host(line)) == (1 if at > 7 else 0)
    for line in lines:
        assert pair.at_host(line) == []


def test_the_same_message_never_makes_the_same_frame():
    pair = Pair().meet()
    assert len({pair.board.seal(Urgent(RECORD)) for _ in range(300)}) == 300


def test_sequence_numbers_take_no_more_bytes_than_they_need():
    pair = Pair().meet()
    lengths = [len(pair.host.seal(Ack(1))) for _ in range(300)]
    assert lengths[0] == lengths[250]
    assert lengths[299] == lengths[0] + 1


def test_each_meeting_counts_from_its_beginning_at_both_ends():
    pair = Pair()
    for _ in range(2):
        pair.welcome()
        first, second = pair.board.seal(REPORT), pair.board.seal(Urgent(RECORD))
        assert payload_of(first)[13] == 0
        assert pair.at_host(second + first) == [Urgent(RECORD), REPORT]
        first, second = pair.host.seal(Ack(1)), pair.host.seal(Ack(2))
        assert payload_of(first)[5] == 1
        assert pair.at_board(second + first) == [Ack(2), Ack(1)]
        for number in range(50):
            assert pair.at_host(pair.board.seal(Urgent(RECORD))) == [Urgent(RECORD)]
            assert pair.at_board(pair.host.seal(Ack(number))) == [Ack(number)]


def test_an_end_never_takes_its_own_messages_back():
    pair = Pair().meet()
    assert pair.at_board(pair.board.seal(Urgent(RECORD))) == []
    assert pair.at_host(pair.host.seal(Ack(1))) == []
    assert pair.at_board(pair.greet()) == []


def test_old_greetings_replayed_in_any_number_disturb_nothing():
    pair = Pair()
    old = [pair.greet() for _ in range(20)]
    pair.meet()
    for hello in old:
        assert pair.at_host(hello) == []
        welcome = pair.host.outgoing()
        assert pair.at_board(welcome) == []
    assert pair.at_host(pair.board.seal(REPORT)) == [REPORT]
    assert pair.at_board(pair.host.seal(Ack(3))) == [Ack(3)]


def test_old_greetings_between_hello_and_first_message_do_not_break_the_handshake():
    pair = Pair()
    old = [pair.greet() for _ in range(5)]
    pair.welcome()
    for hello in old:
        pair.at_host(hello)
    assert pair.at_host(pair.board.seal(REPORT)) == [REPORT]


def test_a_whole_recorded_conversation_says_nothing_the_second_time():
    pair = Pair()
    recorded = [pair.greet()]
    pair.at_host(recorded[0])
    pair.at_board(pair.host.outgoing())
    recorded += [pair.board.seal(REPORT), pair.board.seal(Urgent(RECORD))]
    assert pair.at_host(recorded[1] + recorded[2]) == [REPORT, Urgent(RECORD)]
    restarted = HostSession(bytes(range(32)), BOARD_ID, ALIAS, Entropy(b"restarted"))
    for host in (pair.host, restarted):
        for line in recorded:
            assert host.accept(payload_of(line), 0) is None
    assert not restarted.ready


def test_messages_of_an_earlier_meeting_never_fit_a_later_one():
    pair = Pair()
    pair.welcome()
    held_back = [pair.board.seal(REPORT), pair.board.seal(Urgent(RECORD))]
    pair.meet()
    assert pair.at_host(held_back[0] + held_back[1]) == []
    earlier = [pair.greet()]
    pair.at_host(earlier[0])
    pair.at_board(pair.host.outgoing())
    earlier.append(pair.board.seal(REPORT))
    assert pair.at_host(earlier[1]) == [REPORT]
    pair.meet()
    for _ in range(2):
        assert pair.at_host(earlier[0] + earlier[1]) == []
    assert pair.at_host(pair.board.seal(Urgent(RECORD))) == [Urgent(RECORD)]


def test_the_host_drops_the_old_keys_only_when_the_new_ones_are_proved():
    pair = Pair().meet()
    before = [pair.board.seal(Urgent(RECORD)) for _ in range(2)]
    hello = pair.greet()
    pair.at_host(hello)
    assert pair.at_host(before[0]) == [Urgent(RECORD)]
    pair.at_board(pair.host.outgoing())
    assert pair.at_host(pair.board.seal(REPORT)) == [REPORT]
    assert pair.at_host(before[1]) == []


def test_messages_lost_before_the_hosts_first_answer_do_no_harm():
    pair = Pair()
    pair.welcome()
    for _ in range(3):
        pair.board.seal(REPORT)
    assert pair.at_host(pair.board.seal(REPORT)) == [REPORT]
    assert pair.at_host(pair.board.seal(Urgent(RECORD))) == [Urgent(RECORD)]
    assert pair.at_board(pair.host.seal(Ack(1))) == [Ack(1)]
    assert pair.at_host(pair.board.seal(Urgent(RECORD))) == [Urgent(RECORD)]


def test_the_board_repeats_its_greeting_ever_more_slowly():
    pair = Pair()
    pair.board.start(0)
    due = []
    for now_ms in range(0, 300000, 20):
        pair.board.step(now_ms)
        if pair.board.outgoing():
            due.append(now_ms)
    gaps = [due[at + 1] - due[at] for at in range(len(due) - 1)]
    assert due[0] == 0
    assert 1000 <= gaps[0] <= 1270
    assert 32000 <= gaps[-1] <= 40020
    assert len(due) < 16


def test_a_board_that_gets_no_answer_greets_anew_and_one_that_does_stays():
    pair = Pair().meet()
    for now_ms in range(0, 60000, 20):
        pair.board.step(now_ms)
    assert pair.board.ready  # it has asked nothing
    pair.board.seal(Urgent(RECORD))
    pair.at_board(pair.host.seal(Ack(1)))
    pair.board.step(80000)
    assert pair.board.ready
    pair.now_ms = 80000
    pair.board.seal(Urgent(RECORD))
    pair.board.step(89999)
    assert pair.board.ready
    pair.board.step(90000)
    assert not_ready(pair.board)
    pair.board.step(90000)
    pair.at_host(pair.board.outgoing())
    pair.at_board(pair.host.outgoing())
    assert pair.at_host(pair.board.seal(REPORT)) == [REPORT]


def test_a_restarted_host_meets_its_board_again():
    pair = Pair().meet()
    pair.host = HostSession(bytes(range(32)), BOARD_ID, ALIAS, Entropy(b"restarted"))
    assert pair.at_host(pair.board.seal(Urgent(RECORD))) == []
    pair.board.step(10000)
    assert not pair.board.ready
    pair.meet()


def test_another_major_version_is_refused_and_both_ends_know():
    pair = Pair()
    hello = bytearray(payload_of(pair.greet()))
    hello[0] = 0x20 | hello[0] & 15
    assert pair.host.accept(bytes(hello), 0) is None
    assert pair.host.other_version == 2
    answer = payload_of(pair.host.outgoing())
    assert frame.kind_of(answer) == frame.REFUSAL
    assert pair.board.accept(answer, 0) is None
    assert pair.board.other_version is None  # it is this board's own version
    assert pair.board.accept(bytes((0x37,)) + answer[1:], 0) is None
    assert pair.board.other_version == 3
    assert pair.board.outgoing() is None  # two refusals never answer each other


def test_a_stranger_is_refused_whatever_one_thing_it_has_wrong():
    for secret, board_id, alias in (
        (bytes(32), BOARD_ID, ALIAS),
        (bytes(range(32)), b"board-08", ALIAS),
        (bytes(range(32)), BOARD_ID, b"none"),
    ):
        pair = Pair()
        pair.board = BoardSession(secret, board_id, alias, Entropy(b"stranger"))
        assert pair.at_host(pair.greet()) == []
        assert pair.host.outgoing() is None
        assert pair.host.rejected == 1


def test_payloads_of_every_kind_and_length_are_refused_without_a_word():
    for met in (False, True):
        pair = Pair().meet() if met else Pair()
        for session in (pair.board, pair.host):
            count = 0
            for first in range(256):
                for size in range(5, 40):
                    assert session.accept(bytes((first,)) + ALIAS + bytes(size - 5), 0) is None
                    count += 1
            for size in range(5):
                assert session.accept(ALIAS[:size], 0) is None
                count += 1
            assert session.rejected == count
            assert session.ready == met


def test_a_flood_costs_the_board_one_seal_check_a_step_and_the_host_keeps_listening():
    pair = Pair().meet()
    forged = frame.encode(b"\x11" + ALIAS + b"\x05" + bytes(20))
    genuine = [pair.host.seal(Ack(number)) for number in range(3)]
    assert pair.at_board(genuine[0] + forged * 50 + genuine[1]) == [Ack(0)]
    assert pair.board.rejected == 51
    pair.board.step(pair.now_ms)
    assert pair.at_board(genuine[1] + genuine[2]) == [Ack(1), Ack(2)]
    assert pair.at_host(forged * 50 + pair.board.seal(Urgent(RECORD))) == [Urgent(RECORD)]


def test_false_welcomes_cost_the_board_one_seal_check_a_step_and_the_true_one_comes_through():
    pair = Pair()
    pair.at_host(pair.greet())
    welcome = pair.host.outgoing()
    forged = frame.encode(b"\x16" + ALIAS + bytes(24))
    pair.at_board(forged * 5 + welcome)
    assert not pair.board.ready
    pair.board.step(pair.now_ms)
    pair.at_board(welcome)
    assert pair.board.ready


def test_the_board_id_is_nowhere_on_the_line():
    pair = Pair()
    hello = pair.greet()
    pair.at_host(hello)
    welcome = pair.host.outgoing()
    pair.at_board(welcome)
    for line in (hello, welcome, pair.board.seal(REPORT)):
        assert BOARD_ID not in line
        assert BOARD_ID[1:5] not in line


def test_one_end_says_no_more_under_one_context_than_its_limit():
    pair = Pair().meet()
    pair.board._number = 0x100000 - 2  # a million messages are not worth the wait
    pair.board.seal(Urgent(RECORD))
    last = pair.board.seal(Urgent(RECORD))
    assert pair.at_host(last) == [Urgent(RECORD)]
    assert not_ready(pair.board)
    pair.board.step(10000)
    pair.now_ms = 10000
    pair.meet()
