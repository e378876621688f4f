"""The demonstration: a host and a virtual cabinet, each a process of its own,
set up with the same commands as real ones.
"""
