"""Two real MicroPython boards on one RS-485 bus, behind a real host."""

from .row_of_boards import play


def test_two_real_boards_on_one_bus_serve_a_parcel_and_a_call_for_help() -> None:
    play()
