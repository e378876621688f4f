"""The people who work at the host: who they are, what they may do, what they did."""
