"""What the cabinet decides: no pins, no clock, no files."""
