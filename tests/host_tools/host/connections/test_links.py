"""The host's end of the links hears what boards say."""

from host_tools.host.connections.links import HEARD
from host_tools.link.messages import OF_BOARD, Report


def test_each_message_of_a_board_is_heard_by_the_host() -> None:
    unheard = [made.__name__ for _, made in OF_BOARD if made not in HEARD and made is not Report]
    assert not unheard, "see HEARD in connections/links.py"
    assert len(HEARD) == len(OF_BOARD) - 1  # a report comes first, and is heard by itself
