"""One board behind a serial port. Nothing here knows what is installed on it, or why."""
