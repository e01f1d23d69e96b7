"""The error for those who leave while messages of theirs wait."""

from collections.abc import Iterable

from securechat.client.names.typed_names import conversation_key, is_room
from securechat.errors import StillQueued


def still_queued(queued: int, recipients: Iterable[str]) -> StillQueued:
    """Return the error for leaving with ``queued`` messages not handed over to ``recipients``.

    Those may be only the ones that are known, and come more than once.
    """
    names = sorted({conversation_key(name): name for name in recipients}.values())
    messages = "1 message is" if queued == 1 else f"{queued} messages are"
    whom = f" for {', '.join(names)}" if names else ""
    people = [name for name in names if not is_room(name)]
    peer = "" if names and not people else f" --peer {people[0] if people else 'NAME'}"
    return StillQueued(
        f"{messages} still queued{whom}",
        f"securechat client{peer}, and stay a while longer; or give it up there with /unsend",
    )
