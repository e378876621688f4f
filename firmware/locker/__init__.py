"""The locker: what a cabinet's controller runs, and what the host shares with it."""
