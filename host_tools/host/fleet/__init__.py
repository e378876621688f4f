"""The boards: what they report becomes the ledger, and what they are ordered."""
