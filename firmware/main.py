"""Reads the board, opens the hardware, runs the app."""

from locker.shell.app import main

main()
