"""A board file: the cabinet as data, checked, and the board.json that the firmware reads."""
