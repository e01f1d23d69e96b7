"""`securechat.Client`: a client for programs, and what the faces of the command line run on.

::

    import securechat
    from securechat.client.events import Message

    with securechat.Client("echo", "127.0.0.1:5555") as chat:
        for event in chat.events():
            if isinstance(event, Message) and not event.request:
                chat.send(event.sender, event.text)

Events are the structs of `securechat.client.events`, errors the classes of
`securechat.errors`, and the questions of `Client.ask` are in `securechat.client.commands`.

Threads: one thread at a time iterates over `Client.events`. Everything else may be called from
any thread, and `Client.stop` by a signal handler too. Nothing but `Client.wait_for`,
`Client.rooms`, `Client.finish` and the two ends of the ``with`` block waits.
"""

import queue
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from securechat.client import commands as c
from securechat.client.connection.relays import parse_address
from securechat.client.events import DeliveryState, Ended, Event, Message, RoomInfo
from securechat.client.messages.still_queued import still_queued
from securechat.client.names.typed_names import parse_other
from securechat.client.profiles.access import Access, read_trust
from securechat.client.profiles.surroundings import load_settings, resolve_home
from securechat.client.profiles.vault import Passphrases
from securechat.client.session import FLUSH_S, Session
from securechat.crypto.passphrase import Passphrase
from securechat.errors import PassphraseRefused, TimedOut, Unreachable, UsageError
from securechat.identity.names import parse_name
from securechat.identity.types import Name

LOGIN_S, ANSWER_S = 10.0, 10.0


class Client(Session):
    """One person's client of a relay: log in, send, hear events, be in rooms.

    A ``with`` block logs in and ends with everything handed over; it may be entered again. While
    it runs no other program can open the same profile: for them it is Busy. From the first block
    on the process leaves no core dump, and may open as many files as its hard limit allows.
    """

    _receives = True
    _login_s, _flush_s = LOGIN_S, FLUSH_S
    _handling: Message | None = None

    def __init__(
        self,
        name: str,
        server: str | None = None,
        *,
        home: Path | str | None = None,
        ca: Path | str | None = None,
        pin: str | None = None,
        passphrase: str | None = None,
        peer: str | None = None,
        lobby: bool = False,
        read_receipts: bool | None = None,
        receive: bool = True,
        offline: bool = False,
        login_s: float = LOGIN_S,
        flush_s: float = FLUSH_S,
    ) -> None:
        """Say who one is, and which relay is meant; nothing is opened yet.

        A profile of this ``name`` is made on the first use. ``server`` is HOST[:PORT]; without it
        the relay used last is meant, else the one that config.toml names. Profiles and settings
        live in ``home``, or where the command line has them. No environment variable is read.

        The relay is trusted by its ``pin`` (sha256:…) or by the file ``ca``; without both, if it
        was trusted here before, or a ca.pem in ./certs vouches for it. Nobody is ever asked: any
        other relay is Untrusted. ``passphrase`` opens a profile that has one.

        With ``peer`` that person is looked up at once, and is no stranger; with ``lobby`` the
        client comes to the lobby. ``read_receipts``: contacts learn which messages of theirs were
        shown (None: as config.toml says). A program that only sends does not ``receive``: it has
        no `events`, and what others write waits for the next client of the profile.

        With ``offline`` the block begins without the relay when that cannot be reached, if it was
        met at this address before and let this profile in: the events BegunOffline and Offline say
        so, what is sent waits, and Ready follows when the relay is there. Without it that is
        Unreachable.

        The login may take ``login_s``. At the end of the block what was sent has ``flush_s`` to
        be accepted by the relay.

        Raises UsageError and NameInvalid for what can be no such thing.
        """
        place = Path(home) if home is not None else None
        settings = load_settings(place)
        me = parse_name(name)
        if peer is not None:
            parse_other(peer, me)
        receipts = settings.client.read_receipts if read_receipts is None else read_receipts
        ca_file = Path(ca) if ca is not None else None
        access = Access(
            me=me,
            home=resolve_home(place),
            address=None if server is None else parse_address(server),
            trust=read_trust(pin, ca_file, place, settings.server.certs),
            settings=settings.client,
            read_receipts=receipts,
            passphrases=_giving(passphrase, me),
        )
        super().__init__(access, peer=peer, lobby=lobby, offline=offline)
        self._receives = receive
        self._login_s = login_s
        self._flush_s = flush_s

    @classmethod
    def of(
        cls,
        access: Access,
        *,
        peer: str | None = None,
        lobby: bool = False,
        e2e: bool = True,
        offline: bool = False,
    ) -> Self:
        """Return the client of a program that has its own ways to ask its user.

        ``e2e`` false: the user wants to do without end-to-end encryption with the ``peer``.
        ``offline``: it may begin without the relay, see `Session`.
        """
        client = cls.__new__(cls)
        Session.__init__(client, access, peer=peer, lobby=lobby, e2e=e2e, offline=offline)
        return client

    # The connection -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Log in, or begin ``offline``.

        Raises what prevents it: Busy, PassphraseRefused, FileProblem, Untrusted, Unreachable,
        LoginRefused and its kinds, or RemoteProtocolError.
        """
        self.open()
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._handling = None
        try:
            if self._receives:
                self.subscribe(self._inbox.put)
                self.retell()
            self._log_in()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hand over what was sent, unless an error leaves the block, and log out.

        Unless one does, this raises what has ended the client before, or StillQueued. After a
        `close` in the block there is nothing left to do.
        """
        if self._connector is None:
            return
        engine, flush_s = self._engine, self._flush_s if error is None else 0.0
        try:
            if error is None:
                self._note_handled()
            self.finish(flush_s)
        finally:
            self.close()
        if error is None:
            ended = self._heard.ended
            if ended is not None and ended.error is not None:
                raise ended.error
            if engine.queued:
                raise still_queued(engine.queued, engine.queued_for)

    # Messages -------------------------------------------------------------------------------------

    def wait_for(
        self,
        message_id: str,
        state: DeliveryState = DeliveryState.ACCEPTED,
        timeout_s: float = ANSWER_S,
    ) -> None:
        """Wait until an own message of this run has come as far as ``state``.

        That is *sent*, *accepted* by the relay, which answers for it from then on, *delivered* to
        the recipient's device, or *read*; of a message in a room nothing after *accepted* is told.
        The newest 1,000 messages are known.

        Raises the error because of which it will not be sent, what has ended the client,
        StillQueued when it is not accepted in time, and TimedOut when it has come no further.
        """
        self._heard.wait_for_state(message_id, state, timeout_s)

    def events(self, timeout_s: float | None = None) -> Iterator[Event]:
        """Return what happens, in order: first messages that came earlier and nobody was shown.

        Ends when the client does, or after ``timeout_s``; then it may be called again. Events wait
        in memory until they are asked for.

        A message counts as shown when the next event is asked for, or at the end of the block if no
        error leaves it: a program that is killed at its work on a message gets it again in its next
        run. So every message is handled at least once, and in rare cases twice; its id stays the
        same.

        Raises UsageError of a client that does not ``receive``.
        """
        if not self._receives:
            raise UsageError("This client only sends", "securechat.Client(…, receive=True)")
        return self._take_events(None if timeout_s is None else time.monotonic() + timeout_s)

    # Rooms ----------------------------------------------------------------------------------------

    def create(self, room: str) -> None:
        """Make a closed room; RoomNews follows, or Problem, as with all that changes rooms."""
        self.ask(c.Create(room))

    def join(self, room: str) -> None:
        """Accept an `Invitation` to a room, or come to ``#lobby``."""
        self.ask(c.Join(room))

    def leave(self, room: str) -> None:
        """Be in a room no more, or refuse an invitation."""
        self.ask(c.Leave(room))

    def invite(self, room: str, *names: str) -> None:
        """Take people into a room of which one is an admin."""
        self.ask(c.Invite(room, names))

    def kick(self, room: str, name: str) -> None:
        """Take somebody out of a room of which one is an admin."""
        self.ask(c.Kick(room, name))

    def topic(self, room: str, text: str) -> None:
        """Say what a room is about, of which one is an admin."""
        self.ask(c.Topic(room, text))

    def rooms(self, timeout_s: float = ANSWER_S) -> tuple[RoomInfo, ...]:
        """Return the rooms that this profile is in, or invited to; raises TimedOut."""
        return self._heard.wait_for_rooms(lambda: self.ask(c.Rooms()), timeout_s).rooms

    # ----------------------------------------------------------------------------------------------

    def _log_in(self) -> None:
        try:
            self._heard.wait_for_begin(self.start, self._login_s)
        except TimedOut:
            raise Unreachable(
                f"The relay did not let this client in within {self._login_s:g} s",
                "securechat.Client(…, login_s=60)",
            ) from None

    def _take_events(self, deadline: float | None) -> Iterator[Event]:
        inbox = self._inbox
        while True:
            self._note_handled()
            left_s = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            try:
                event = inbox.get(timeout=left_s)
            except queue.Empty:
                return
            if isinstance(event, Ended):
                inbox.put(event)  # for whoever asks once more
                return
            if isinstance(event, Message):
                self._handling = event
            yield event

    def _note_handled(self) -> None:
        """Let the engine forget the message that the program is done with."""
        message, self._handling = self._handling, None
        if message is not None:
            self.shown(message.sender, message.message_id)


def _giving(passphrase: str | None, me: Name) -> Passphrases:
    """Return what gives the passphrase that is known, and says so when there is none."""

    def give() -> Iterable[Passphrase]:
        if passphrase is None:
            raise PassphraseRefused(
                f"{me} opens with a passphrase, and none is given",
                "securechat.Client(…, passphrase=…)",
            )
        return (Passphrase(passphrase),)

    return give
