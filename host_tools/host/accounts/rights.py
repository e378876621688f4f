"""Who may do what: the one table of rights. A command that is not in it is nobody's (tests/test_tidy.py).

An act is called as its command is, without `ansim`; pages use the same names.
"""

from typing import NamedTuple

OPERATOR = "operator"
DISPATCHER = "dispatcher"
STAFF = "staff"
AUDITOR = "auditor"
ROLES = (OPERATOR, DISPATCHER, STAFF, AUDITOR)

#: Why something is done, for lists to choose from.
REASONS = {
    "request": "the resident asked for it",
    "caller": "somebody called who could not collect",
    "complaint": "a complaint is looked into",
    "fault": "a door, a cabinet or a letter failed",
    "safety": "somebody may be in danger",
    "police": "the police asked, in writing",
    "correction": "something was entered wrong",
    "duty": "daily work",
    "moved": "she has moved in or away",
    "audit": "the audit itself",
    "storm": "a storm, or danger on the way there",
    "outage": "power, the network or the building failed",
    "disaster": "the city's disaster plan is in force",
}
_HELP = ("request", "caller", "complaint", "fault", "safety", "police")
_DATA = ("request", "correction", "moved", "safety")
_PAUSE = ("storm", "outage", "disaster", "fault", "safety")
_LOOK = ("duty", "request", "caller", "complaint", "fault", "safety", "police", "audit")

ACT = "act"
LOOK = "look"  # at people: noted when the ledger is opened; an act is noted where it is done
BARE = "bare"  # shows and does nothing of people


class Right(NamedTuple):
    """What an act takes: one of the roles, and a reason of the list where it has one.

    No role: whoever can open the data folder.
    """

    roles: frozenset[str]
    kind: str
    reasons: tuple[str, ...] = ()


def _right(roles: str, kind: str, reasons: tuple[str, ...] = ()) -> Right:
    initials = {role[0].upper(): role for role in ROLES}
    return Right(frozenset(initials[initial] for initial in roles), kind, reasons)


#: act: the initials of the roles, what it is, its reasons.
_TABLE: dict[str, tuple] = {
    "account add":        ("O",    ACT),
    "account end":        ("O",    ACT),
    "account list":       ("OA",   BARE),
    "account relate":     ("O",    ACT),
    "account set":        ("O",    ACT),
    "alarm close":        ("ODS",  ACT),
    "alarm list":         ("ODSA", BARE),
    "alarm take":         ("ODS",  ACT),
    "audit about":        ("OA",   ACT, _LOOK),
    "audit export":       ("A",    LOOK, _LOOK),
    "audit list":         ("A",    LOOK, _LOOK),
    "audit verify":       ("OA",   BARE),
    "backup":             ("O",    ACT),
    "bell ack":           ("ODS",  ACT),
    "boards check":       ("",     BARE),
    "boards list":        ("",     BARE),
    "boards show":        ("",     BARE),
    "cabinet list":       ("",     BARE),
    "cabinet patience":   ("OS",   ACT),
    "cabinet retire":     ("O",    ACT),
    "cabinet silence":    ("OD",   ACT),
    "case close":         ("ODS",  ACT),
    "case export":        ("ODSA", BARE),
    "case give-back":     ("ODS",  ACT),
    "case list":          ("ODSA", BARE),
    "case note":          ("ODS",  ACT),
    "case shelve":        ("ODS",  ACT),
    "case show":          ("ODSA", BARE),
    "case take":          ("ODS",  ACT),
    "channel check":      ("",     BARE),
    "channel list":       ("",     BARE),
    "channel test":       ("OS",   ACT),
    "decode":             ("O",    LOOK),
    "demo":               ("",     BARE),
    "doctor":             ("",     BARE),
    "door disarm":        ("OS",   ACT),
    "door in":            ("OS",   ACT),
    "door out":           ("OS",   ACT),
    "door service":       ("OS",   ACT, ("fault", "duty", "safety")),
    "events":             ("ODSA", LOOK, _LOOK),
    "explain":            ("",     BARE),
    "flash":              ("",     BARE),
    "hands":              ("",     BARE),
    "key protect":        ("O",    ACT),
    "key status":         ("",     BARE),
    "key unprotect":      ("O",    ACT),
    "letter again":       ("OD",   ACT, _HELP),
    "letter list":        ("ODA",  LOOK, _LOOK),
    "link aside":         ("OS",   BARE),
    "link release":       ("OS",   ACT),
    "link take-over":     ("OS",   ACT),
    "link":               ("",     BARE),
    "oncall list":        ("ODSA", BARE),
    "oncall prove":       ("ODS",  ACT),
    "oncall remove":      ("O",    ACT),
    "oncall set":         ("O",    ACT),
    "oncall take":        ("ODS",  ACT),
    "oncall test-at":     ("ODS",  ACT),
    "oncall who":         ("ODSA", BARE),
    "order list":         ("",     BARE),
    "parcel assign":      ("O",    ACT, _HELP),
    "parcel list":        ("ODSA", LOOK, _LOOK),
    "parcel open":        ("OD",   ACT, _HELP),
    "parcel recall":      ("OS",   ACT, (*_HELP, "duty")),
    "parcel reissue":     ("OD",   ACT, _HELP),
    "parcel vouch":       ("OS",   ACT),
    "provision":          ("OS",   BARE),
    "receipt enter":      ("",     BARE),
    "resident add":       ("O",    ACT),
    "resident change list": ("OA", LOOK),
    "resident change stop": ("OD", ACT),
    "resident contact add": ("O",  ACT, _DATA),
    "resident contact confirm": ("O", ACT, _DATA),
    "resident contact list": ("OA", ACT, _LOOK),
    "resident contact move": ("O", ACT, _DATA),
    "resident contact remove": ("O", ACT, _DATA),
    "resident erase":     ("O",    ACT, ("request", "moved", "correction")),
    "resident export":    ("O",    LOOK, _LOOK),
    "resident import":    ("O",    ACT),
    "resident list":      ("ODA",  LOOK, _LOOK),
    "resident rename":    ("O",    ACT, _DATA),
    "resident tail":      ("O",    ACT),
    "resident wishes":    ("O",    ACT, _DATA),
    "restore":            ("O",    ACT),
    "serve":              ("",     BARE),
    "site list":          ("",     BARE),
    "site card":          ("",     BARE),
    "site qr":            ("",     BARE),
    "site set":           ("O",    ACT),
    "stay extend":        ("O",    ACT, _HELP),
    "stay list":          ("ODSA", LOOK, _LOOK),
    "stay paid":          ("O",    ACT),
    "stay pause":         ("OD",   ACT, _PAUSE),
    "stay policy set":    ("O",    ACT),
    "stay policy show":   ("",     BARE),
    "stay resume":        ("OD",   ACT),
    "stay show":          ("ODSA", LOOK, _LOOK),
    "test":               ("",     BARE),
    "ticket list":        ("OA",   LOOK, _LOOK),
    "ticket new":         ("O",    ACT),
    "ticket revoke":      ("O",    ACT),
    "virtual":            ("",     BARE),
    "wording check":      ("",     BARE),
    "wording export":     ("",     BARE),
    "wording list":       ("",     BARE),
    "wording preview":    ("",     BARE),
    "wording show":       ("",     BARE),
}  # fmt: skip
RIGHTS = {act: _right(*row) for act, row in _TABLE.items()}

#: Acts that are for all sites where no site is named.
OF_ALL_SITES = ("backup", "restore", "key protect", "key unprotect", "decode")
OF_ALL_SITES += ("stay policy set", "oncall set", "oncall take")

#: Acts of a parcel's page, which has no row above: its link is the leave to do them, for one parcel.
PAGE_CODE, PAGE_DIGITS, PAGE_CASE = "page code", "page digits", "page case"
#: Acts of what opens the ledger without its key, so it seals none of their rows.
WITHOUT_KEY = ("backup", "restore", "key protect", "key unprotect", "link release")
WITHOUT_KEY += (PAGE_CODE, PAGE_DIGITS, PAGE_CASE)


def right_of(act: str) -> Right:
    """What an act takes; one that has no row takes an operator. `hands` stands for all that hands do."""
    return RIGHTS.get(act) or RIGHTS.get(act.split(" ", maxsplit=1)[0]) or _right("O", ACT)
