"""Six digits that a resident's first contact is sent and a caller repeats.

They rest nowhere: they come from the number of the asking, or of a parcel, and a time, under the host's key.
"""

import hmac

from host_tools.host.ledger.sealing import Vault

_PURPOSE = b"digits of a caller"
_PAGE = b"digits of a page"


def digits_of(vault: Vault, asking: int, asked_ms: int) -> str:
    """The digits of an asking, by the ledger's number of it and when it was (ms since 1970)."""
    return _digits(vault, _PURPOSE, asking, asked_ms)


def page_digits_of(vault: Vault, parcel: int, asked_ms: int) -> str:
    """Those that her page asks for, by the ledger's number of the parcel and when they were asked for."""
    return _digits(vault, _PAGE, parcel, asked_ms)


def _digits(vault: Vault, purpose: bytes, of: int, asked_ms: int) -> str:
    mac = vault.mac(purpose, of.to_bytes(8, "big") + asked_ms.to_bytes(8, "big"))
    return f"{int.from_bytes(mac[:8], 'big') % 10**6:06d}"


def are_same(one: str, other: str) -> bool:
    """Whether two are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
