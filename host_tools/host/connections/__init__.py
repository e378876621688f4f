"""The ways to the boards: TCP, serial lines and buses, and who is let in."""
