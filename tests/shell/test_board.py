"""board.json becomes the same Board on both interpreters:
that of today, and that of before its parts had names.
"""

import json

from locker.board import Bus, Door, Keypad, from_json

# Rows of values, as provisioning wrote them before it wrote names.
NATIVE = """{
"name": "bench", "chip": "esp32", "pulse_ms": 400, "rest_ms": 600,
"doors": [[1, "S", 1, 16, 32, 0, "distance", 34, [1100, 800]], [2, "L", 0, 17, 33, 1, "beam", 25, 1]],
"keypad": [[13, 14, 27, 23], [4, 5, 15], "123456789*0#"],
"bus": null, "expanders": [], "expander_reset": null,
"screen": null, "lamp": null, "lamp_sense": null, "beeper": null, "bell": null, "tamper": null, "link": null,
"supply": null, "current": null}"""
EXPANDED = """{
"name": "wall", "chip": "esp32s3", "pulse_ms": 350, "rest_ms": 500,
"low_at_boot": [14],
"doors": [{"number": 7, "size": "M", "low": 1, "lock": [32, 6], "contact": [33, 6], "closed": 0,
  "occupancy": "beam", "sensor": [34, 6], "occupied": 0}],
"keypad": {"rows": [5, 6, 7, 15], "columns": [10, 11, 12, 13], "keys": "123A456B789C*0#D"},
"bus": {"sda": 8, "scl": 9, "hz": 100000}, "expanders": [32, 33, 34], "expander_reset": 14,
"screen": [63, 20, 4], "lamp": [32, 12], "lamp_sense": 40, "beeper": 4, "bell": 21, "tamper": [34, 5],
"link": [1, 17, 18, 115200], "supply": [1, 1713], "current": [2, 600]}"""


def test_a_board_on_native_pins_has_numbers_for_pins():
    board = from_json(json.loads(NATIVE))
    assert board.doors == (
        Door(1, "S", 1, 16, 32, 0, "distance", 34, (1100, 800)),
        Door(2, "L", 0, 17, 33, 1, "beam", 25, 1),
    )
    assert board.keypad == Keypad((13, 14, 27, 23), (4, 5, 15), "123456789*0#")
    assert (board.name, board.chip, board.pulse_ms, board.rest_ms) == ("bench", "esp32", 400, 600)


def test_what_a_cabinet_has_not_is_none_and_its_expanders_are_empty():
    board = from_json(json.loads(NATIVE))
    assert board.expanders == ()
    for part in (
        board.bus,
        board.expander_reset,
        board.screen,
        board.lamp,
        board.beeper,
        board.bell,
        board.tamper,
        board.link,
        board.supply,
        board.lamp_sense,
        board.current,
    ):
        assert part is None


def test_a_pin_of_an_expander_is_a_pair_of_address_and_bit():
    board = from_json(json.loads(EXPANDED))
    assert board.doors == (Door(7, "M", 1, (0x20, 6), (0x21, 6), 0, "beam", (0x22, 6), 0),)
    assert (board.lamp, board.tamper) == ((0x20, 12), (0x22, 5))
    assert (board.bell, board.beeper, board.expander_reset) == (21, 4, 14)


def test_bus_screen_link_and_supply_are_tuples_in_the_order_of_the_contract():
    board = from_json(json.loads(EXPANDED))
    assert board.bus == Bus(sda=8, scl=9, hz=100000)
    assert board.expanders == (0x20, 0x21, 0x22)
    assert board.screen == (0x3F, 20, 4)
    assert board.link == (1, 17, 18, 115200)
    assert board.supply == (1, 1713)


def test_a_board_json_that_lacks_something_is_refused_and_not_guessed():
    data = json.loads(NATIVE)
    del data["supply"]
    try:
        from_json(data)
    except KeyError:
        return
    raise AssertionError("a board without a word about its supply was accepted")


def test_what_is_measured_is_a_pin_and_its_limit():
    board = from_json(json.loads(EXPANDED))
    assert (board.supply, board.current, board.lamp_sense) == ((1, 1713), (2, 600), 40)
