"""Which letters to residents wait for the end of quiet hours."""

from zoneinfo import ZoneInfo

from host_tools.host.ledger import quiet_hours

# Whether a letter to a resident can wait for the morning. What she must know to fetch a parcel, what happens
# at her door, and what somebody may be doing against her will goes at once, at any hour.
CAN_WAIT = {
    "deposited": False,
    "used label": False,
    "label used twice": False,
    "label cleared": False,
    "new code": False,
    "odd new code": False,
    "opened": False,
    "opened at last": False,
    "stuck": False,
    "mended": False,
    "opened by staff": False,
    "forced": False,
    "unknown": False,
    "withdrawn": False,
    "silenced": False,
    "gone": False,
    "reminder": True,
    "last reminder": True,
    "overdue": True,
    "extended": True,
    "paused": True,
    "resumed": True,
    "recalled": True,
    "taken by staff": True,
    "look": False,
    "contact changed": False,
    "wishes changed": False,
    "asked to open": False,
    "digits": False,
    "page digits": False,
}


def until(kind: str, quiet: str, at_ms: int, zone: ZoneInfo | None) -> int:
    """When a letter of that kind to a resident may go out that is ready at `at_ms`: then, or once the quiet
    hours of its site are over. Both are ms since 1970; `zone` None is the host's own.

    A kind that is not known, and quiet hours that are none, hold nothing up.
    """
    return quiet_hours.over(quiet, at_ms, zone) if CAN_WAIT.get(kind, False) else at_ms
