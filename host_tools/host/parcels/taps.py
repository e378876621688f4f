"""What the link of a page does, for whoever serves it: `show` for a GET, `take` for a POST."""

from host_tools.errors import UserError
from host_tools.host.care import cases, kinds, tap
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.parcels import bells


def show(ledger: Ledger, token: str, at_ms: int) -> str | None:
    """What a token is about, in words, and who has it; None for one that takes nothing.

    Changes nothing; `at_ms` is not looked at, for a link ends with its case and not with time.
    """
    with ledger.reading() as connection:
        try:
            found = tap.read(connection, token).case
        except UserError:
            return None
    whose = f"{found.taken_by} has taken it." if found.state == cases.TAKEN else "Nobody has taken it yet."
    place = f" at {found.site_name}" if found.site_name else ""
    cabinet = f", cabinet {found.cabinet_number}" if found.cabinet_number else ""
    title = kinds.kind_of(found.kind).title
    return f"Case {found.id}{place}{cabinet}: {title}. {whose}"


def take(ledger: Ledger, token: str, at_ms: int) -> str | None:
    """Takes the case for the account that was paged, at that time (ms since 1970): what came of it, in words;
    None for a token that takes nothing.
    """
    try:
        with ledger.reading() as connection:
            found = tap.read(connection, token)
        before, ledger.actor = ledger.actor, tap.actor_of(found)
        try:
            with ledger.writing() as connection:
                taken = bells.take(connection, ledger, tap.read(connection, token).case.id, at_ms)
        finally:
            ledger.actor = before
    except UserError as refused:
        return str(refused) if "has taken" in str(refused) else None
    case = taken.case
    said = [f"Case {case.id} is yours, {found.account.name}."]
    if taken.call:
        said.append(bells.screen_words(ledger, taken)[1])
    return " ".join([*said, kinds.kind_of(case.kind).todo])
