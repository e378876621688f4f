"""`python -m host_tools` is `ansim`."""

from host_tools.cli import main

main()
