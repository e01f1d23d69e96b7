"""Messages to keep, of which a test says what matters to it."""

from typing import Any

from securechat.store.history import Entry, Progress

BOB, CAROL = b"relay/bob", b"relay/carol"
"""Keys of conversations."""


def entry(
    text: str = "hello", *, conversation: bytes = BOB, sender: str = "bob", **fields: Any
) -> Entry:
    """Return a message of somebody else, or an own one, just written, without a sender."""
    usual = Entry(
        conversation=conversation,
        title="carol" if conversation == CAROL else "bob",
        message_id=b"id",
        sender=sender,
        user_key=b"k" * 32 if sender else b"",
        time_ms=1000,
        kept_ms=1000,
        text=text,
        progress=None if sender else Progress.QUEUED,
        encrypted=True,
        trust="new" if sender else "",
        missing=0,
        late=False,
    )
    return usual._replace(**fields)
