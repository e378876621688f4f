"""MQTT 3.1.1 at QoS 1: what a PUBLISH and its PUBACK are on the wire
(OASIS standard, sections 3.3 and 3.4).
"""

_PUBLISH_QOS_1 = 0x32
_PUBACK = 0x40
TOPIC = "ansim/a1a2a3a4/events"  # a random alias: as short as a topic with a site and a board can be


def _length(count: int) -> bytes:
    """The remaining length, seven bits a byte (section 2.2.3)."""
    out = b""
    while count > 127:
        out += bytes((count & 127 | 128,))
        count >>= 7
    return out + bytes((count,))


def published(payloads: list[bytes], topic: str = TOPIC) -> list[bytes]:
    """Each payload's PUBLISH and the broker's PUBACK."""
    packets = []
    for number, payload in enumerate(payloads, 1):
        identifier = number.to_bytes(2, "big")
        rest = len(topic).to_bytes(2, "big") + topic.encode() + identifier + payload
        packets += [bytes((_PUBLISH_QOS_1,)) + _length(len(rest)) + rest, bytes((_PUBACK, 2)) + identifier]
    return packets
