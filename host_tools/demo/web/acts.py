"""What a visitor does: an act of each button, by its name."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from host_tools.demo.web.visit import Visit
from host_tools.errors import UserError
from host_tools.simulator.virtual_board.control import HandsClient

KEYS_MAX = 16  # in one go
_CUT = "link cut"  # a fault of the serial link

#: Does it for a visit, with the value of its button. Raises UserError, or ValueError for no such value.
Act = Callable[[Visit, str], object]


def _hands(visit: Visit, act: str, *arguments: object) -> dict[str, Any]:
    with HandsClient(visit.stage.port) as hands:
        return hands.ask(act, *arguments)


def _at_door(act: str) -> Act:
    def do(visit: Visit, value: str) -> None:
        visit.choose(int(value))
        _hands(visit, act, int(value))

    return do


def _keys(visit: Visit, value: str) -> None:
    if not 0 < len(value) <= KEYS_MAX:
        raise ValueError(value)
    visit.typing(lambda: _hands(visit, "keys", value))


def _courier(visit: Visit, _value: str) -> None:
    visit.guide.tickets.append(visit.stage.new_ticket(visit.resident))


def _answer(visit: Visit, value: str) -> None:
    visit.stage.take_case(int(value))


def _power(visit: Visit, _value: str) -> None:
    _hands(visit, "power", "cut" if visit.watch.state["power"] == "on" else "on")


def _away(visit: Visit, _value: str) -> None:
    _hands(visit, "clear" if visit.is_away else "fault", _CUT)
    visit.is_away = not visit.is_away


#: All of them.
ACTS: Mapping[str, Act] = {
    "keys": _keys,
    **{act: _at_door(act) for act in ("open", "push", "put", "take", "close", "force", "block", "unblock")},
    "choose": lambda visit, value: visit.choose(int(value)),
    "courier": _courier,
    "answer": _answer,
    "bell": lambda visit, _value: _hands(visit, "bell"),
    "dark": lambda visit, _value: _hands(visit, "dark", not visit.watch.state["dark"]),
    "power": _power,
    "away": _away,
}


class Wish(NamedTuple):
    """A button that was pressed: `act value`."""

    act: str
    value: str

    @classmethod
    def of(cls, text: str) -> "Wish | None":
        """What the field `do` of a form says; None for nothing that can be done."""
        act, _, value = text.partition(" ")
        return cls(act, value) if act in ACTS else None


def do(visit: Visit, wish: Wish) -> None:
    """Does it; why it could not be done stands on the page afterwards. Raises ValueError for a value that
    no button has.
    """
    try:
        ACTS[wish.act](visit, wish.value)
    except UserError as user_error:
        visit.said = user_error.message
    else:
        visit.said = ""
