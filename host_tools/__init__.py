"""The `ansim` command: provisions, flashes, tests, serves and simulates boards."""

__version__ = "0.1.0"
