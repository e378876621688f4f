"""How grave what the server tells is, by the name of the event: what a log is filtered by.

Names of boards' events (`ansim events`, kinds.KINDS) are not here: each of them is INFO. One that people must
look at is told as an `alarm` besides.
"""

INFO, WARNING, ERROR, CRITICAL = "info", "warning", "error", "critical"

#: The server's own events. A name keeps its meaning: docs/json.md lists them.
LEVELS = {
    "alarm": CRITICAL,
    "another server": WARNING,
    "channel down": ERROR,
    "channel up": INFO,
    "fault": ERROR,
    "heartbeat": WARNING,
    "ledger waits": ERROR,
    "lines left out": WARNING,
    "letter given up": ERROR,
    "letters unsure": WARNING,
    "link down": INFO,
    "link up": INFO,
    "listening": INFO,
    "message": INFO,
    "message sent": INFO,
    "messages wait": ERROR,
    "no account": WARNING,
    "nobody told": CRITICAL,
    "upkeep failed": WARNING,
    "out of step": WARNING,
    "overflow": WARNING,
    "page handed over": INFO,
    "page waits": ERROR,
    "record set aside": WARNING,
    "refused": ERROR,
    "serial port lost": WARNING,
    "serial port waits": WARNING,
    "strangers": WARNING,
    "web ended": ERROR,
    "web listening": INFO,
}


def level_of(event: str) -> str:
    """The level of an event of the server or of a board."""
    return LEVELS.get(event, INFO)
