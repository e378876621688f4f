"""The numbers of what the host may order, and what their fields mean.

`locker.core.orders` carries them out.
"""

from locker.compat import const

# the host knows that the board has had this command and all before it;
# never sent as a Command: made from a Resume
SKIP = const(0)
# a: version of the code, above that before; another code for the same parcel, the failures stay
REISSUE = const(1)
# a: version of the code of staff, above that before; staff may take the parcel out once
ARM_RECALL = const(2)
ARM_SERVICE = const(3)  # a: likewise; staff may open the door once
DISARM = const(4)
SET_OUT = const(5)  # a: 1 out of service, 0 back
SET_PATIENCE = const(6)  # a: 1-4, how many times as long the cabinet waits for people; door 0
# a: epoch, more than before, above its 18 bits the rule of codes and tails;
# counter: the host's half of its nonce
BEGIN_EPOCH = const(7)
ANSWER_BELL = const(8)  # a: number of the event BELL_RUNG that a person has seen; door 0
# a: as in ADOPTED; a parcel that is inside and that the journal does not know;
# its code is of the present epoch
ADOPT = const(9)
# counter: of the one parcel of epochs up to a that may wait on, 0 for none;
# any other is recorded as collected
SETTLE = const(10)
# a: generation of the ticket key, up to 16383; a later one begins, with the one before still good; door 0
TURN_TICKETS = const(11)
