"""Attackers who never log in: some not even with TLS."""

import os
import socket

from securechat.errors import SecureChatError
from securechat.transport.connection import Connection
from securechat.transport.endpoint import Endpoint
from securechat.wire.codec import MAX_GREETING_BYTES
from siegelib.campaign import Campaign
from siegelib.door import HOST
from siegelib.key_updates import update_keys

DRIP_S = 1.0
GARBAGE_BYTES = 1024
READ_BYTES = 65_536


class Silent:
    """Connects and says nothing; those below say something that is no handshake."""

    def __init__(self, campaign: Campaign, place: int) -> None:
        self.campaign = campaign
        self._source = campaign.source(place)
        self._socket: socket.socket | None = None
        self._unsaid = b""

    def come(self) -> None:
        """Connect."""
        self._socket = self.campaign.door.knock(self._source)
        self._unsaid = b""
        self.campaign.came(self)
        self.speak()

    def go(self) -> None:
        """Break the connection off."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def look(self) -> None:
        """Send what is to be sent, and see whether the relay has closed the connection."""
        sock = self._socket
        if sock is None:
            return
        try:
            if self._unsaid:
                self._unsaid = self._unsaid[sock.send(self._unsaid) :]
            is_closed = not sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            is_closed = True
        if is_closed:
            self.go()
            self.campaign.ended(self)

    def speak(self) -> None:
        """Say nothing."""

    def say(self, data: bytes) -> None:
        """Send this as soon as the system takes it."""
        self._unsaid += data


class Garbling(Silent):
    """Sends random bytes instead of TLS."""

    def speak(self) -> None:
        """Send them."""
        self.say(os.urandom(GARBAGE_BYTES))


class HalfDone(Silent):
    """Begins a handshake as it should be, and does not finish it."""

    def speak(self) -> None:
        """Send a whole ClientHello, and no more."""
        self.say(client_hello(self.campaign))


class Dripping(Silent):
    """Sends a ClientHello, one byte a second."""

    def speak(self) -> None:
        """Begin."""
        self._drip(self._socket, client_hello(self.campaign))

    def _drip(self, sock: socket.socket | None, rest: bytes) -> None:
        if self._socket is sock and rest:
            self.say(rest[:1])
            self.campaign.door.loop.call_later(DRIP_S, lambda: self._drip(sock, rest[1:]))


class SilentInside:
    """Finishes the TLS handshake, and says nothing; those below say what is no hello."""

    def __init__(self, campaign: Campaign, place: int) -> None:
        self.campaign = campaign
        self._source = campaign.source(place)
        self.connection: Connection | None = None

    def come(self) -> None:
        """Connect."""
        self.campaign.came(self)
        self.campaign.door.enter(self, self._source)

    def go(self) -> None:
        """Break the connection off."""
        if self.connection is not None:
            self.connection.abort()

    def look(self) -> None:
        """Do nothing: the loop tells when the connection ends."""

    def speak(self, connection: Connection) -> None:
        """Say nothing."""

    # The transport's handler ----------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """Speak."""
        self.connection = connection
        self.speak(connection)

    def received(self, data: bytes) -> None:
        """Read on: whatever the relay says."""

    def timer(self, now: float) -> float | None:
        """Never called: no timer is set."""

    def closed(self, error: SecureChatError | None) -> None:  # noqa: ARG002 (whatever it was)
        """Note the end of the connection."""
        self.connection = None
        self.campaign.ended(self)


class GarblingInside(SilentInside):
    """Sends a frame of random bytes inside TLS."""

    def speak(self, connection: Connection) -> None:
        """Send it."""
        connection.write(GARBAGE_BYTES.to_bytes(4, "big") + os.urandom(GARBAGE_BYTES))


class TooLongForAStranger(SilentInside):
    """Sends a frame that is one byte longer than those may send who have not logged in."""

    def speak(self, connection: Connection) -> None:
        """Send it."""
        size_bytes = MAX_GREETING_BYTES + 1
        connection.write(size_bytes.to_bytes(4, "big") + bytes(size_bytes))


class UpdatingKeys(SilentInside):
    """Changes its TLS keys without end, from the last flight of the handshake on."""

    def speak(self, connection: Connection) -> None:
        """Send a few thousand updates."""
        update_keys(connection)


def client_hello(campaign: Campaign) -> bytes:
    """Return a ClientHello as a client of this relay sends it."""
    door = campaign.door
    session = door.tls.session(Endpoint(HOST, door.port))
    session.handshake()
    return session.output()
