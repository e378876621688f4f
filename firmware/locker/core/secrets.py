"""What the core knows of a board's secrets: keys, from which it derives codes."""

from collections import namedtuple

Secrets = namedtuple(
    "Secrets",
    (
        "board_id",  # 8 bytes
        "site_id",  # 8 bytes
        "epoch",
        "code_key",  # K_code and K_receipt of the epoch
        "receipt_key",
        "ticket_keys",  # by generation: (K_ticket, rule of its tails), see core.tickets.keyed
        "cabinet",  # its number at the site
        "old",  # by epoch modulo 1024: (epoch, K_code, rule) of each earlier epoch that a parcel may be of
        "rule",  # of codes and tails, of the epoch
    ),
)
