"""Messages changed, deleted and reacted to after they were written: own ones, and those of others.

Who may do what: E2E.md, section 16.
"""

from securechat.client import commands as c
from securechat.client.contacts import Contact
from securechat.client.desk import Desk
from securechat.client.posting import Posting
from securechat.client.sending import Sending
from securechat.e2e.amend_content import Amendment, Reaction
from securechat.e2e.results import Opened
from securechat.errors import UsageError


class Amending:
    """Carries out changes in the history, and sends those of the user."""

    def __init__(self, desk: Desk, sending: Sending, posting: Posting) -> None:
        self._desk = desk
        self._sending = sending
        self._posting = posting

    def answer(self, question: c.Amend | c.React) -> None:
        """Change a message for the user; UsageError when it is none of theirs, or unknown."""
        raise UsageError(f"{type(question).__name__} is not known here")

    def hear(self, content: Amendment | Reaction, opened: Opened, contact: Contact) -> None:
        """Take what a contact says about a message; what they may not change stays as it is."""
