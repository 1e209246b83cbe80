"""What the directory says happened."""

from marshmallow import Schema, fields

from kernel.hookspecs.start import EventType


class ClientEvent(Schema):
    client_id = fields.UUID(required=True)


DIRECTORY_EVENTS = (
    EventType("client.added", "A client was taken on.", ClientEvent),
    EventType("client.changed", "A client's facts or state changed.", ClientEvent),
)
