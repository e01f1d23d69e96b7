"""What one read of a connection handed in: its envelopes are answered for together."""

from typing import Protocol

from securechat.identity.types import EnvelopeId, MailboxId, UserKey
from securechat.wire.codes import RefusedCode


class Origin(Protocol):
    """The connection that handed envelopes in and waits to hear of them."""

    def answered(self, parcel: "Parcel") -> None:
        """Every envelope of this parcel is accepted or refused."""

    def dropped(
        self, mailbox: MailboxId, envelope_id: EnvelopeId, number: int, rank: int, code: RefusedCode
    ) -> None:
        """An envelope that had been taken is not kept after all; ``rank`` as in `Refusals`."""


class Parcel:
    """The envelopes numbered ``first`` to ``last``, from one device, at one time.

    One call for all of them is what makes answering cheap: an envelope only counts ``open`` down.
    """

    __slots__ = ("account", "at", "first", "last", "open", "origin", "sender", "size_bytes")

    def __init__(
        self, origin: Origin | None, sender: MailboxId, account: UserKey, at: float, first: int
    ) -> None:
        self.origin = origin
        """Who waits to hear of it, until it is answered for."""
        self.sender = sender
        self.account = account
        """Whose share of a mailbox the envelopes fill."""
        self.at = at
        """When it was handed in, by the relay's clock; 0 for what came from the store."""
        self.first = first
        self.last = first - 1
        self.size_bytes = 0
        """What all its envelopes count together."""
        self.open = 1
        """How many envelopes are not answered for; and one for the read, until that is over."""

    def settle(self) -> None:
        """Note that one more of its envelopes is answered for, or that the read is over."""
        self.open -= 1
        if not self.open:
            self.answer()

    def answer(self) -> None:
        """Tell, once, that none of its envelopes is open."""
        origin, self.origin = self.origin, None
        if origin is not None:
            origin.answered(self)
