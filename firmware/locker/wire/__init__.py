"""What the cabinet and the host say to each other: frames, sealing, messages, sessions."""
