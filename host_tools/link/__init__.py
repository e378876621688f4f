"""The host's end of the wire: what boards' records and messages may say, and the host's half of a session.

No board carries it.
"""
