"""JSON over MQTT: an object an event, compact; several at once as an array."""

import json
from collections.abc import Sequence

from tests.bench.encodings.mqtt import published

_KINDS = ("kind",)  # its name says it already


def packets(messages: Sequence[Sequence[dict]]) -> list[bytes]:
    payloads = []
    for message in messages:
        events = [{name: value for name, value in event.items() if name not in _KINDS} for event in message]
        payloads.append(json.dumps(events if len(events) > 1 else events[0], separators=(",", ":")).encode())
    return published(payloads)
