"""What a board gets: the firmware linked and compiled, its library and its texts."""
