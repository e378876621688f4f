"""Protocol Buffers (proto3) over MQTT, by its own library.

message Event { uint32 kind = 1; uint32 door = 2; uint32 boot = 3; uint32 number = 4; uint32 uptime = 5;
uint32 a = 6; uint32 b = 7; } message Events { repeated Event events = 1; }
"""

import sys
from collections.abc import Sequence
from typing import Any

from tests.bench import peers
from tests.bench.encodings.mqtt import published

_FIELDS = ("kind", "door", "boot", "number", "uptime", "a", "b")


def _classes() -> dict[str, Any]:
    folder = str(peers.folders()["protobuf"])
    if folder not in sys.path:
        sys.path.append(folder)
    from google.protobuf import descriptor_pb2, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="ansim.proto", package="ansim", syntax="proto3")
    event = file.message_type.add(name="Event")
    for number, name in enumerate(_FIELDS, 1):
        event.field.add(name=name, number=number, type=field.TYPE_UINT32, label=field.LABEL_OPTIONAL)
    events = file.message_type.add(name="Events")
    events.field.add(
        name="events", number=1, type=field.TYPE_MESSAGE, label=field.LABEL_REPEATED, type_name=".ansim.Event"
    )
    return message_factory.GetMessages([file])


def packets(messages: Sequence[Sequence[dict]]) -> list[bytes]:
    made = _classes()
    payloads = []
    for message in messages:
        events = [made["ansim.Event"](**{name: event[name] for name in _FIELDS}) for event in message]
        whole = made["ansim.Events"](events=events) if len(events) > 1 else events[0]
        payloads.append(whole.SerializeToString())
    return published(payloads)
