"""What the core knows of a board's secrets: keys, from which it derives codes."""

from locker.compat import NamedTuple

Secrets = NamedTuple(
    "Secrets",
    (
        ("board_id", bytes),  # 8 bytes
        ("site_id", bytes),  # 8 bytes
        ("epoch", int),
        ("code_key", bytes),  # K_code and K_receipt of the epoch
        ("receipt_key", bytes),
        # By generation: (K_ticket, rule of its tails), see contract.tickets.keyed.
        ("ticket_keys", "dict[int, tuple[bytes, int]]"),
        ("cabinet", int),  # its number at the site
        (
            "old",
            "dict[int, tuple[int, bytes, int]]",
        ),  # by epoch modulo 1024: (epoch, K_code, rule) of each earlier epoch that a parcel may be of
        ("rule", int),  # of codes and tails, of the epoch
    ),
)
