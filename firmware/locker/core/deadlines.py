"""Every deadline of the cabinet by its number, a key of `Cabinet.due`: what its end does, and after how long.

A door's own deadline has the door's number, 1 and above. Of deadlines that end at one moment the lower number
comes first. `Cabinet._time_out` calls the function of each: that of KEYPAD is the keypad's table, that of a
door the doors' table.
"""

from locker.compat import const

HIDE = const(-9)  # the digit typed last becomes a dot: 800 ms after it
FUSE = const(-8)  # the oldest opening by order of the host counts no more: a day after it
OPENING = const(-7)  # the challenge of such an opening is over: 30 s after it was asked for
# the keypad's mode, or the text that is shown in none:
# TIMEOUT at the keypad, after what the mode and the text say
KEYPAD = const(-6)
RECEIPT = const(-5)  # the receipt is shown if the host has not acknowledged the deposit: 2.5 s after it
SEAL = const(-4)  # the ticket of the deposit just made is spent: 60 s after it
BELL = const(-3)  # the screen says that the call has not arrived: 3 s after the bell
LAMP = const(-2)  # dark: 30 s after somebody touched something
HOUR = const(-1)  # what was only counted is recorded: an hour after the first of it
