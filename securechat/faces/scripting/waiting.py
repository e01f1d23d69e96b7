"""How far ``securechat send`` waits for a message to come."""

from enum import StrEnum


class Wait(StrEnum):
    """The states of an own message, in their order."""

    SENT = "sent"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
