"""Reading a captured line: its frames and messages, for people and for Wireshark."""
