"""What is kept of messages that may not be shown yet."""

import pytest

from securechat.client.state.kept import KeptMessages
from securechat.e2e.content import Receipt, ReceivedContent, Recovery, Text, Unsupported
from securechat.e2e.results import Invalid, Opened
from securechat.identity.types import DeviceAddress, DeviceId, MessageId, Name, RelayId, UserKey

RELAY, OTHER_RELAY = RelayId(b"r" * 32), RelayId(b"o" * 32)
SENDER = DeviceAddress(UserKey(b"k" * 32), DeviceId(b"d" * 16))
MESSAGE_ID = MessageId(b"i" * 16)


@pytest.mark.parametrize(
    "content",
    [Text("hello"), Receipt((MESSAGE_ID,), 7), Recovery(5, ((1, 3),)), Unsupported(99)],
)
def test_a_message_comes_back_as_it_was_opened(content: ReceivedContent) -> None:
    opened = Opened(
        SENDER, MESSAGE_ID, 1, 2, content, missing=3, late=True, forked=True, encrypted=False
    )
    rows = KeptMessages(RELAY, {}).add(opened, Name("bob"), of_new_key=True)
    (kept,) = KeptMessages(RELAY, {row: value for row, value in rows.items() if value})
    assert (kept.outcome, kept.name, kept.of_new_key) == (opened, "bob", True)


def test_order_relay_and_removal() -> None:
    kept = KeptMessages(RELAY, {})
    rows: dict[tuple[str, bytes], bytes] = {}
    for name in ("one", "two", "three"):
        changes = kept.add(Invalid(SENDER), Name(name), of_new_key=False)
        rows |= {row: value for row, value in changes.items() if value}
    assert [message.name for message in KeptMessages(RELAY, rows)] == ["one", "two", "three"]
    assert list(KeptMessages(OTHER_RELAY, rows)) == []
    first, *_ = kept
    assert first.outcome == Invalid(SENDER)
    (row,) = kept.remove(first)
    del rows[row]
    assert [message.name for message in KeptMessages(RELAY, rows)] == ["two", "three"]
