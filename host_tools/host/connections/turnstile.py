"""How much a host works for connections that have proved nothing, and for which of them first:
fair among addresses, and bounded in all.

Pure: times in, an order out. `next` says whose turn it is; what that turn took is told by `spent`.
"""

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address
from typing import Generic, TypeVar

SHARE = 0.2  # of one processor's time: so much is for strangers, however many there are
BURST_S = 0.002  # of work for strangers between two looks at the boards
FRESH_TURNS = 3  # so many turns a connection has before those that had more: a board proves itself in two
OTHERS_EVERY = 4  # of the turns of an address, this one is for a connection that had its fresh ones

_IPV6_NETWORK_BITS = 64  # what one customer of a provider has

T = TypeVar("T")


def source_of(address: str) -> str:
    """From where a connection comes, for fairness: an IPv4 address, or an IPv6 network of 64 bits."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> (128 - _IPV6_NETWORK_BITS):x}/64"


class _Queue(Generic[T]):
    """The visitors of one source, those with few turns first; but every so often one of the others."""

    def __init__(self) -> None:
        self.fresh: deque[T] = deque()
        self.others: deque[T] = deque()
        self._turns = 0

    def take(self) -> T:
        self._turns += 1
        from_others = self.others and (not self.fresh or self._turns % OTHERS_EVERY == 0)
        return self.others.popleft() if from_others else self.fresh.popleft()


class Turnstile(Generic[T]):
    """Visitors wait by their source; each source has a turn before any has a second one."""

    def __init__(self) -> None:
        self._sources: OrderedDict[str, _Queue[T]] = OrderedDict()
        self._left_s = BURST_S
        self._at_s: float | None = None

    def come(self, visitor: T, source: str, turns: int) -> None:
        """A visitor asks for a turn; it has had so many."""
        queue = self._sources.setdefault(source, _Queue())
        (queue.fresh if turns < FRESH_TURNS else queue.others).append(visitor)

    def next(self, now_s: float) -> T | None:
        """Whose turn it is; None when nobody waits or the strangers' share of the time is used up."""
        if self._at_s is not None:
            self._left_s = min(BURST_S, self._left_s + (now_s - self._at_s) * SHARE)
        self._at_s = now_s
        if not self._sources or self._left_s <= 0:
            return None
        source, queue = next(iter(self._sources.items()))
        visitor = queue.take()
        if queue.fresh or queue.others:
            self._sources.move_to_end(source)
        else:
            del self._sources[source]
        return visitor

    def spent(self, seconds: float) -> None:
        """What the turn took of the processor's time."""
        self._left_s -= seconds

    def wait_s(self) -> float | None:
        """How long until the next turn may begin; None when nobody waits."""
        if not self._sources:
            return None
        return 0.0 if self._left_s > 0 else (BURST_S / 2 - self._left_s) / SHARE
