"""Kinds of locks beside coils, a file for each file of firmware/locker/locks.

A file has `fitted(world)`, which puts the locks of that kind into a world and gives
what there is to see and to break of them.
"""
