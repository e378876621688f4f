"""Kinds of cases: what each means, whether people are woken for it, what to do, and how it can end.

One row a kind. An alarm of the ledger becomes the case of its own name (intake.py).
"""

from typing import NamedTuple

BELL = "bell"
FORCED = "forced"  # with a parcel behind the door
FORCED_EMPTY = "forced empty"  # with none that the ledger knows of
TAMPER = "tamper"
COIL = "coil"
UNTOLD = "untold"  # a deposit of which its resident was not told within 15 min
UNTOLD_LONG = "untold long"  # within 60 min
NOT_TOLD = "not told"  # its letter did not arrive for a day, by a channel that would say so
NOBODY_ON_CALL = "nobody on call"  # within the next 7 days, or now
NOBODY_UNRELATED = "nobody unrelated"  # all who are on call are related to somebody whose door it is
PAGE_FAILED = "page failed"  # no page about an alarm could be handed over
UNPROVED = "unproved"  # an account has not proved its daily test page
HEARTBEAT = "heartbeat"  # the outside monitor does not hear this host
CHANNEL_DOWN = "channel down"
NO_CONTACT = "no contact"  # a resident with a parcel has no contact
WORDING = "wording"  # a site's own wording cannot be used
OVERDUE = "overdue"
RECALL = "recall"  # a parcel has waited so long that staff take it out
UPLINK = "uplink"  # several cabinets of one site went silent together
ANSWERED_LATE = "answered late"  # the answer to a bell was not shown: the call was over
SAYS_STUCK = "says stuck"  # from the page of a parcel
NOT_HERS = "not hers"
OTHER = "other"  # an alarm of a name that this program does not know


GONE = "parcel is gone"  # an outcome that ends the parcel (parcels/closing.py)


class Kind(NamedTuple):
    """A row. `title` is a sentence without its full stop, of a place that lists name beside it."""

    title: str
    todo: str
    outcomes: tuple[str, ...]
    pages: bool = False  # people are woken for it, at any hour; else it is for working hours
    by_door: bool = False  # doors of one cabinet are causes of their own
    reopens: bool = False  # what happens again after somebody took it is nobody's, and pages anew
    category: str = "Infra"  # of CAP 1.2, as are the next three
    urgency: str = "Expected"
    severity: str = "Minor"
    certainty: str = "Observed"


_MENDED = ("mended", "nothing found", "drill")
_LOOKED = ("looked, all is well", "put right", "handed to police", "drill")
_PARCEL = ("parcel is honest", "parcel taken out", "resident told", "handed to police")
_TOLD = ("resident told", "parcel taken out", "told meanwhile")
_OF_HOST = ("put right", "over by itself")

KINDS = {
    BELL: Kind(
        "somebody pressed the help button",
        "Get help there. Take the case: the cabinet's screen will say that a person has seen the call. "
        "Hand it to 112 if nobody of yours can be there at once.",
        ("helped", "false", "handed to police", "drill", "nobody there"),
        pages=True,
        reopens=True,
        category="Safety",
        urgency="Immediate",
        severity="Severe",
        certainty="Likely",
    ),
    FORCED: Kind(
        "a door was opened without a cause, with a parcel behind it",
        "Look there in pairs, or hand it to the police. Its resident was told; she need not go there.",
        ("parcel is there", GONE, "handed to police", "drill", "false"),
        pages=True,
        by_door=True,
        category="Security",
        urgency="Immediate",
        severity="Moderate",
        certainty="Likely",
    ),
    FORCED_EMPTY: Kind(
        "a door was opened without a cause",
        "Look at the door and at its contact.",
        _LOOKED,
        by_door=True,
        category="Security",
    ),
    TAMPER: Kind(
        "somebody is at the cabinet's inside",
        "Look there in pairs, or hand it to the police. Staff at work there are a `staff at work`.",
        ("staff at work", "nobody there", "handed to police", "drill", "false"),
        pages=True,
        category="Security",
        urgency="Immediate",
        severity="Moderate",
        certainty="Likely",
    ),
    COIL: Kind(
        "a lock coil is on and cannot be switched off",
        "It may burn: have its power cut now. No door opens there until it is mended.",
        ("power cut", "mended", "false", "drill"),
        pages=True,
        category="Fire",
        urgency="Immediate",
        severity="Severe",
        certainty="Likely",
    ),
    UNTOLD_LONG: Kind(
        "a parcel's resident could not be told of it for an hour",
        "Reach her another way: `ansim parcel list` shows the parcel, `ansim channel` what hands over.",
        _TOLD,
        pages=True,
        by_door=True,
        urgency="Immediate",
    ),
    UNTOLD: Kind(
        "a parcel's resident could not be told of it for a quarter of an hour",
        "See that the channel works, or reach her another way.",
        _TOLD,
        by_door=True,
    ),
    NOT_TOLD: Kind(
        "the letter of a parcel has not arrived for a day",
        "Reach her another way, and see that her contacts are right: `ansim resident contact list`.",
        _TOLD,
        by_door=True,
    ),
    NO_CONTACT: Kind(
        "a resident with a parcel has no contact",
        "Tell her, and enter a contact: `ansim resident contact`.",
        _TOLD,
        by_door=True,
    ),
    NOBODY_ON_CALL: Kind(
        "hours in which nobody is on call",
        "Fill them: `ansim oncall set`, or `ansim oncall take` for once.",
        ("filled", "accepted"),
    ),
    NOBODY_UNRELATED: Kind(
        "of an alarm all dispatchers were told, for only people whom it is kept from were on call",
        "See that another one is on call at such hours: `ansim oncall list`.",
        ("filled", "accepted"),
    ),
    PAGE_FAILED: Kind(
        "no page about an alarm could be handed over",
        "Answer the alarm, then see that the channel and the contacts work: `ansim oncall list`.",
        _OF_HOST,
    ),
    UNPROVED: Kind(
        "an account on call has not proved that pages reach it",
        "Ask this person; mend the contact or the channel.",
        ("reached", "contact mended", "no longer on call"),
    ),
    HEARTBEAT: Kind(
        "the outside monitor does not hear this host",
        "See that its address in `heartbeat.url` is right and that this machine reaches it.",
        _OF_HOST,
    ),
    CHANNEL_DOWN: Kind(
        "a channel hands nothing over",
        "`ansim channel list` says why, `ansim doctor` tries each. Letters to staff that were given up: "
        "`ansim letter list`, `ansim letter again`.",
        _OF_HOST,
    ),
    WORDING: Kind("a wording cannot be used", "`ansim wording check` says why.", _OF_HOST),
    OVERDUE: Kind("a parcel is overdue", "See what its resident says.", _PARCEL, by_door=True),
    RECALL: Kind(
        "a parcel has waited so long that staff take it out", "`ansim parcel recall`.", _PARCEL, by_door=True
    ),
    SAYS_STUCK: Kind(
        "somebody says on her page that her door is stuck",
        "Call her, then look at the lock: `ansim events` shows what the door did.",
        (*_MENDED, "parcel taken out", "resident told"),
        by_door=True,
    ),
    NOT_HERS: Kind(
        "somebody says on her page that a parcel is not hers",
        "Call her. Ask the carrier whose it is, then `ansim parcel recall`. She need not fetch it.",
        _PARCEL,
        by_door=True,
    ),
    UPLINK: Kind("the cabinets of a site went silent together", "See what connects the site.", _MENDED),
    OTHER: Kind("something that this program does not know", "`ansim events` shows what it was.", _LOOKED),
    # Alarms of boards, and of the ledger, for working hours.
    "jammed": Kind("a door did not open", "Look at its lock.", _MENDED, by_door=True),
    "left open": Kind("a door stands open", "Close it.", ("closed", *_MENDED), by_door=True),
    "lamp": Kind("the lamp draws no current", "Mend it: people stand there in the dark.", _MENDED),
    "part": Kind("a part failed that people can do without", "`ansim events` names it.", _MENDED),
    "sensor": Kind("a sensor is wrong, or something was put in", "Look inside.", _LOOKED, by_door=True),
    "expander": Kind("doors are out of service", "An expander does not answer: mend it.", _MENDED),
    "supply": Kind("the supply is too weak for the locks", "Measure it under load.", _MENDED),
    "keys": Kind("keys are stuck and type nothing", "`ansim events` names them.", _MENDED),
    "journal": Kind("the journal is old or damaged", "Find out who had the board's flash.", _LOOKED),
    "ticket": Kind(
        "a parcel came on a label that was used or is unknown",
        "Ask the courier, then `ansim parcel vouch`, `assign` or `recall`.",
        _PARCEL,
        by_door=True,
    ),
    "ticket again": Kind(
        "a label was used for a second parcel", "Find out which is honest.", _PARCEL, by_door=True
    ),
    "parcel": Kind("a cabinet gave up an unknown parcel", "Look inside.", _LOOKED, by_door=True),
    "unknown": Kind("nobody knows what is behind a door", "Look inside.", _LOOKED, by_door=True),
    "silenced": Kind("a silenced board's parcel", "Look, and tell its resident.", _TOLD, by_door=True),
    "unordered code": Kind(
        "a code of staff that nobody ordered", "`ansim door disarm`.", _LOOKED, by_door=True
    ),
    "set aside": Kind("records of a board could not be applied", "`ansim link aside`.", _LOOKED),
    "unmet": Kind("a board's report could not be taken", "Update ansim on the host.", _OF_HOST),
    "unmade letter": Kind("a letter could not be made", "Tell its resident.", _TOLD, by_door=True),
    "unmade order": Kind("an order could not be told to a board", "`ansim provision` it anew.", _OF_HOST),
    "impossible": Kind("an order could not be carried out", "`ansim order list`.", _OF_HOST, by_door=True),
    ANSWERED_LATE: Kind(
        "the screen never showed the answer to a call for help",
        "Find out how she who rang is.",
        ("helped", "false", "handed to police", "nobody there"),
    ),
    "refused": Kind("nothing that a cabinet tells is taken", "`ansim link` says why.", _OF_HOST),
    "dead code": Kind("a code of staff opens nothing any more", "Arm another.", _OF_HOST, by_door=True),
    "letters held": Kind(
        "a cabinet tells more than people can do", "Look there; `ansim link release`.", _LOOKED
    ),
    "refused tickets": Kind("many tickets are refused", "Look who types numbers there.", _LOOKED),
    "said stuck": Kind(
        "a courier says that a door is stuck", "Look at its lock and into the door.", _MENDED, by_door=True
    ),
    "tells too much": Kind(
        "a board tells more than there can be", "Look there; `ansim cabinet silence`.", _LOOKED
    ),
}


def kind_of(name: str) -> Kind:
    """The row of a kind of case; that of OTHER for one that a newer program wrote."""
    return KINDS.get(name, KINDS[OTHER])
