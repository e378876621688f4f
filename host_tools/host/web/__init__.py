"""What `ansim serve --web` answers by HTTP: a process of its own, beside the one that serves the boards.

The server's end of it is `keeper.py`; `python -m host_tools.host.web` is the other.
"""
