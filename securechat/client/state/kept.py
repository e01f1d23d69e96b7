"""Messages that may not be shown yet: kept in the profile until it is clear whose they are."""

from collections.abc import Iterator, Mapping

import msgspec

from securechat.e2e.content import Unsupported, decode_content, encode_content
from securechat.e2e.results import Invalid, Opened
from securechat.e2e.room_content import Held
from securechat.errors import LocalProtocolError
from securechat.identity.types import DeviceAddress, MessageId, Name, RelayId

_TABLE = "kept"

Changes = dict[tuple[str, bytes], bytes | None]


class _Inside(msgspec.Struct, frozen=True, array_like=True):
    """What `Opened` holds; its content as kind and body."""

    message_id: MessageId
    time_ms: int
    counter: int
    kind: int
    body: bytes
    missing: int
    late: bool
    forked: bool
    encrypted: bool


class KeptMessage(msgspec.Struct, frozen=True, array_like=True):
    """A message whose sender claims a ``name`` that is not known to be theirs.

    ``of_new_key``: the relay shows their key under that name, where another one is pinned; else it
    has not been heard yet whose name that is. ``inside`` is None when it breaks the rules.
    """

    sequence: int
    name: Name
    of_new_key: bool
    sender: DeviceAddress
    inside: _Inside | None

    @property
    def outcome(self) -> Opened | Invalid:
        """The message as it was opened, without its introduction."""
        inside = self.inside
        if inside is None:
            return Invalid(self.sender)
        return Opened(
            sender=self.sender,
            message_id=inside.message_id,
            time_ms=inside.time_ms,
            counter=inside.counter,
            content=decode_content(inside.kind, inside.body),
            missing=inside.missing,
            late=inside.late,
            forked=inside.forked,
            encrypted=inside.encrypted,
        )


class KeptMessages:
    """What is kept of one relay, in the order in which it came; changes are handed out as rows."""

    def __init__(self, relay_id: RelayId, rows: Mapping[tuple[str, bytes], bytes]) -> None:
        self._relay_id = relay_id
        stored = (
            msgspec.msgpack.decode(value, type=KeptMessage)
            for (table, key), value in sorted(rows.items())
            if table == _TABLE and key.startswith(relay_id)
        )
        self._messages = {message.sequence: message for message in stored}
        self._last = max(self._messages, default=0)

    def __iter__(self) -> Iterator[KeptMessage]:
        return iter(tuple(self._messages.values()))

    def add(self, outcome: Opened | Invalid, name: Name, *, of_new_key: bool) -> Changes:
        """Keep a message; return the row to commit before it is acknowledged."""
        self._last += 1
        inside = None if isinstance(outcome, Invalid) else _inside(outcome)
        message = KeptMessage(self._last, name, of_new_key, outcome.sender, inside)
        self._messages[message.sequence] = message
        return {self._row(message): msgspec.msgpack.encode(message)}

    def remove(self, message: KeptMessage) -> Changes:
        """Keep a message no longer; return the deletion to commit."""
        del self._messages[message.sequence]
        return {self._row(message): None}

    def _row(self, message: KeptMessage) -> tuple[str, bytes]:
        return _TABLE, self._relay_id + message.sequence.to_bytes(8, "big")


def _inside(opened: Opened) -> _Inside:
    content = opened.content
    if isinstance(content, Held):
        raise LocalProtocolError("What is held of a room is kept with the room.")
    kind, body = (
        (content.kind, b"") if isinstance(content, Unsupported) else encode_content(content)
    )
    return _Inside(
        opened.message_id,
        opened.time_ms,
        opened.counter,
        kind,
        body,
        opened.missing,
        opened.late,
        opened.forked,
        opened.encrypted,
    )
