"""`select` without anything to wait for."""

POLLIN = 1
POLLOUT = 4
POLLERR = 8
POLLHUP = 16


class poll:
    def register(self, thing, events):
        pass

    def unregister(self, thing):
        pass

    def ipoll(self, timeout=-1, flags=0):
        return ()

    def poll(self, timeout=-1):
        return []
