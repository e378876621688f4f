"""Whether what is ordered or written now reaches its cabinet, and its people:
the server and the link that it needs, in words.
"""

from host_tools.host.connections.link_status import NEVER, REFUSED, UP, link_statuses
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.notify.log import moment

NO_SERVER = "no server is running (`ansim serve` starts one)"


def hindrance(ledger: Ledger, site: str, number: int) -> str | None:
    """Why nothing reaches that cabinet now, as the end of a sentence;
    None where its link is up, or there is no such cabinet.
    """
    found = link_statuses(ledger, now_ms())
    if not found.servers:
        return NO_SERVER
    for status in found.links:
        if (status.site, status.cabinet) == (normal(site), number) and status.state != UP:
            if status.state == NEVER:
                return f"cabinet {number} has not met this host yet"
            if status.state == REFUSED:
                return f"cabinet {number} is refused: {status.reason}"
            since = f" since {moment(status.since_ms)}" if status.since_ms is not None else ""
            return f"the link to cabinet {number} is down{since}"
    return None


def answer_words(ledger: Ledger, site: str, number: int, call: int) -> str:
    """What the screen of a cabinet says of a call for help that was answered now, as sentences."""
    reason = hindrance(ledger, site, number)
    if reason is None:
        return f"The cabinet's screen will say so of call {call} when the cabinet has the answer, not before."
    return (
        f"NOTHING REACHES THE CABINET NOW: {reason}. Its screen will say so of call {call} when the cabinet "
        "has the answer, not before."
    )


def letter_words(ledger: Ledger, letter: str = "her letter") -> str:
    """When a letter that was written now is sent, as the end of a sentence."""
    if link_statuses(ledger, now_ms()).servers:
        return f"{letter} goes out now"
    return f"{letter} goes out when a server runs: {NO_SERVER}"
