"""That somebody is typing: the user, for those who may know it, and others, for the user.

Nothing of it is kept, and nobody waits for it: what does not arrive at once is of no use.
"""

from securechat.client import commands as c
from securechat.client.contacts import Contact
from securechat.client.desk import Desk
from securechat.client.events import OwnTyping
from securechat.e2e.amend_content import Typing
from securechat.identity.types import DeviceAddress, RoomId


class Composing:
    """Lets people know that the user types, and tells that they do, unless the user wants neither.

    `SoFar.typing` says that, over a change of the relay too.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def due_at(self) -> float | None:
        """When `do_what_is_due` wants to be called, if at all."""
        return None

    def do_what_is_due(self) -> None:
        """Tell who types no more, of whom nothing was heard for a while."""

    def answer(self, question: c.Composing | c.ShowTyping) -> None:
        """Let others know of it; or say whether that is done, after changing it if asked to."""
        match question:
            case c.ShowTyping(on):
                if on is not None:
                    self._desk.so_far.typing = on
                self._desk.tell(OwnTyping(self._desk.so_far.typing))

    def hear(self, sender: DeviceAddress, content: Typing) -> None:
        """Take a signal of a device; only those of contacts and roommates are told."""

    def note_text(self, contact: Contact, room: RoomId | None) -> None:
        """A text of somebody has come: they type no more in that conversation."""
