"""What can be done to the history: each change is carried out with the state it belongs to."""

from enum import IntEnum
from typing import NamedTuple


class Progress(IntEnum):
    """How far an own message has come; a later state follows from a higher number."""

    FAILED = 0
    QUEUED = 1
    SENT = 2
    ACCEPTED = 3
    DELIVERED = 4
    READ = 5


class Entry(NamedTuple):
    """One message of a conversation.

    ``conversation`` is the caller's key of it, and ``title`` what it was called when this came.
    ``sender`` is empty for an own message, and ``progress`` None for one of somebody else.
    ``user_key`` is that of the other side, empty before a message was sealed for anybody.
    ``time_ms`` is what its sender says, ``kept_ms`` when it was kept here. A ``request`` comes
    from a stranger: of these the newest `MAX_REQUESTS` are kept, since anybody can send some. The
    text of an ``action`` says what its sender does. ``edited_ms`` is 0 for one that nobody has
    changed; one that is deleted has been, and its text is empty. ``reply_to`` is the id of the
    message that it answers, or empty. ``sequence`` is its place among all, which the store gives.
    """

    conversation: bytes
    title: str
    message_id: bytes
    sender: str
    user_key: bytes
    time_ms: int
    kept_ms: int
    text: str
    progress: Progress | None
    encrypted: bool
    trust: str
    missing: int
    late: bool
    request: bool = False
    action: bool = False
    edited_ms: int = 0
    reply_to: bytes = b""
    sequence: int = 0

    @property
    def is_own(self) -> bool:
        """Whether the user wrote it."""
        return not self.sender

    @property
    def writer_key(self) -> bytes:
        """The key of who wrote it; empty for the user, whose entries have that of the others."""
        return b"" if self.is_own else self.user_key

    @property
    def is_deleted(self) -> bool:
        """Whether its writer has taken it back."""
        return self.edited_ms > 0 and not self.text


class Reached(NamedTuple):
    """An own message has come further, or has FAILED; SENT says for whom it was sealed, and how."""

    message_id: bytes
    progress: Progress
    user_key: bytes = b""
    encrypted: bool = True


class Retention(NamedTuple):
    """For how many days the messages of a conversation are kept from now on; 0: not at all."""

    conversation: bytes
    title: str
    days: int


class Expire(NamedTuple):
    """Some entries go that are older than their conversation allows; else than ``days``.

    It is for `EXPIRED_AT_ONCE` of them, so that nobody waits for long: repeat it while there are
    any (`HistoryTable.has_expired`).
    """

    now_ms: int
    days: int


class Amend(NamedTuple):
    """The writer of a message gives it another text; an empty one deletes it, for good.

    ``user_key`` is that of the writer, empty for the user: nobody else changes a message.
    """

    conversation: bytes
    message_id: bytes
    user_key: bytes
    text: str
    edited_ms: int


class React(NamedTuple):
    """The one reaction of a person to a message, in place of their last; an empty one: none.

    ``user_key`` and ``sender`` are theirs, both empty for the user. A message has the reactions of
    `MAX_REACTIONS` people at most.
    """

    conversation: bytes
    message_id: bytes
    user_key: bytes
    sender: str
    symbol: str


class Reindex(NamedTuple):
    """The index of the words follows the texts that were changed since, the user's own ones first.

    Of those, and of the others, the deleted ones come first. Who changes texts without end cannot
    make the user's own wait.

    To take a text out of it costs many times what it costs to change the text, so that is done
    apart, and for about so many ``characters``, but for one text at least: repeat it while there
    are any (`HistoryTable.has_unindexed`).
    """

    characters: int


HistoryChange = Entry | Reached | Retention | Expire | Amend | React | Reindex
