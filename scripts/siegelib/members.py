"""Attackers who log in first, with accounts of their own."""

import os

from securechat.identity.types import EnvelopeId, MailboxId
from securechat.transport.connection import Connection
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES, encode
from siegelib.campaign import Campaign
from siegelib.guest import Guest
from siegelib.key_updates import update_keys
from siegelib.people import Person

TOP_UP_S = 0.02
TOP_UP_BYTES = 256 * 1024
ENVELOPE_BYTES = 256
ENVELOPES_AT_ONCE = 64
PINGS_AT_ONCE = 4096


class Member:
    """Logs in and behaves; those below do not."""

    def __init__(self, campaign: Campaign, place: int) -> None:
        self.campaign = campaign
        self.guest = Guest(campaign.door, Person.named(f"attacker{place}"), campaign.source(place))
        self.guest.on_in = self.attack
        self.guest.on_gone = lambda: campaign.ended(self)

    def come(self) -> None:
        """Connect and log in."""
        self.campaign.came(self)
        self.guest.come()

    def go(self) -> None:
        """Break the connection off."""
        self.guest.go()

    def look(self) -> None:
        """Do nothing: the loop tells when the connection ends."""

    def attack(self) -> None:
        """Do what the attack is about, now that the login is done."""


class TooLong(Member):
    """Sends a frame that is one byte longer than any may be."""

    def attack(self) -> None:
        """Send it."""
        size_bytes = MAX_FRAME_BYTES + 1
        self.guest.write(size_bytes.to_bytes(4, "big") + bytes(size_bytes))


class TooMany(Member):
    """Hands in a frame with one envelope too many."""

    def attack(self) -> None:
        """Send it."""
        mailbox = self.guest.person.mailbox
        one = f.Outgoing(mailbox, EnvelopeId(bytes(16)), b"x")
        self.guest.write(encode(f.Send(1, 0, (one,) * (f.MAX_ENVELOPES + 1))))


class UpdatingKeys(Member):
    """Changes its TLS keys without end, which costs the relay more than data does."""

    def attack(self) -> None:
        """Send a few thousand updates."""
        if self.guest.connection is not None:
            update_keys(self.guest.connection)


class Unending(Member):
    """Sends without waiting for answers, as fast as the relay takes it."""

    def attack(self) -> None:
        """Keep the way to the relay full."""
        self._top_up(self.guest.connection)

    def _top_up(self, connection: Connection | None) -> None:
        guest = self.guest
        if connection is None or guest.connection is not connection or guest.machine.is_closed:
            return
        if connection.backlog_bytes < TOP_UP_BYTES:
            written_bytes = 0
            while written_bytes < TOP_UP_BYTES:
                data = self.next_bytes()
                written_bytes += len(data)
                connection.write(data)
        self.campaign.door.loop.call_later(TOP_UP_S, lambda: self._top_up(connection))

    def next_bytes(self) -> bytes:
        """Return what is sent next."""
        raise NotImplementedError


class Flooding(Unending):
    """Hands in envelopes for somebody who is away."""

    def next_bytes(self) -> bytes:
        """Return a frame of envelopes."""
        to, body = MailboxId(self._recipient().mailbox), bytes(ENVELOPE_BYTES)
        envelopes = tuple(
            f.Outgoing(to, EnvelopeId(os.urandom(16)), body) for _ in range(ENVELOPES_AT_ONCE)
        )
        return self.guest.machine.send_envelopes(envelopes)

    def _recipient(self) -> Person:
        return self.guest.person


class Pinging(Unending):
    """Sends pings, the shortest frames that are answered."""

    def next_bytes(self) -> bytes:
        """Return pings."""
        return encode(f.Ping(1)) * PINGS_AT_ONCE


class NeverReading(Unending):
    """Asks who is there, again and again, and never reads an answer."""

    def attack(self) -> None:
        """Stop reading, and ask."""
        if self.guest.connection is not None:
            self.guest.connection.pause_reading()
        super().attack()

    def next_bytes(self) -> bytes:
        """Return questions."""
        return encode(f.Who(1)) * ENVELOPES_AT_ONCE
