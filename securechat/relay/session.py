"""One connection of one client: what each of its frames makes the relay do."""

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from securechat.errors import (
    LoginRefused,
    NameInvalid,
    NameTaken,
    RemoteProtocolError,
    SecureChatError,
)
from securechat.protocol.relay_side import RelaySide
from securechat.protocol.states import State
from securechat.relay.directory import Account, Device
from securechat.relay.events import Joined, Left, Refusal
from securechat.relay.limits import ByteBudget
from securechat.relay.relay import Relay
from securechat.transport.endpoint import Endpoint
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES

SHORTEST_PAUSE_S = 0.02


class Connection(Protocol):
    """What a session needs of its transport; all calls in the loop's thread."""

    @property
    def local_certificate(self) -> bytes:
        """The certificate (DER) that the relay showed on this connection."""

    @property
    def remote(self) -> Endpoint:
        """The client's address."""

    def write(self, data: bytes) -> None:
        """Queue bytes; they travel at the end of the tick."""

    def set_timer(self, deadline: float | None) -> None:
        """Ask for `Session.timer` at that time of the loop's clock."""

    def authenticated(self) -> None:
        """Count this connection as logged in from now on."""

    def pause_reading(self) -> None:
        """Take nothing more from the client until `resume_reading`."""

    def resume_reading(self) -> None:
        """Take bytes from the client again."""

    def close(self) -> None:
        """Send what is queued, then close."""


class Session:
    """A client's connection from hello to goodbye; the transport calls the first four methods."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self.machine = RelaySide(relay.clock())
        self.device: Device | None = None
        self.account: Account | None = None
        self.unsettled_bytes = 0
        self.unsettled = 0
        self._nonce = relay.random(32)
        self._hello: f.Hello | None = None
        self._budget: ByteBudget | None = None
        self._pauses: set[str] = set()
        self._acked = 0
        self._deaf = False

    # What the transport calls ---------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """The TLS handshake is done."""
        self.connection = connection
        connection.set_timer(self.machine.deadline())
        self._relay.clients.add(self)

    def received(self, data: bytes) -> None:
        """Handle every whole frame of what came."""
        if self._deaf:
            return
        try:
            for frame in self.machine.receive(data, self._relay.clock()):
                self._handle(frame)
        except RemoteProtocolError as error:
            self.fault("protocol", str(error))

    def _handle(self, frame: f.ClientFrame) -> None:
        if not self._deaf:
            self._HANDLERS[type(frame)](self, frame)

    def timer(self, now: float) -> float | None:
        """A deadline has passed: ping, or give the client up (by raising)."""
        if self._pauses:
            self.machine.hold(now)
        self.connection.write(self.machine.expire(now))
        return self.machine.deadline()

    def closed(self, error: SecureChatError | None) -> None:  # noqa: ARG002 (the loop logs it)
        """The connection is gone."""
        relay = self._relay
        relay.forget(self)
        if self.device is None or self.account is None:
            return
        if relay.online.get(self.device.mailbox) is self:
            del relay.online[self.device.mailbox]
            relay.open_mailbox(self.device.mailbox).detach()
        for watcher in relay.presence.leave(self.account.name):
            watcher.write(f.Presence(self.account.name, False))
        if not relay.presence.is_online(self.account.name):
            relay.on_event(Left(self.account.name))

    # What the relay calls -------------------------------------------------------------------------

    def write(self, frame: f.RelayFrame) -> None:
        """Send one frame, unless goodbye was said."""
        if self.machine.state is not State.CLOSED:
            self.connection.write(self.machine.send(frame))

    def flush(self) -> None:
        """Deliver what the window allows; answers ride along."""
        if self.device is None or self.machine.state is State.CLOSED:
            return
        mailbox = self._relay.open_mailbox(self.device.mailbox)
        while batch := mailbox.take_batch():
            self.connection.write(self.machine.deliver(batch))

    def flush_answers(self) -> None:
        """Send the answers that found nothing to ride on."""
        if self.machine.state is not State.CLOSED:
            self.connection.write(self.machine.take_answers())

    def fault(self, code: str, message: str) -> None:
        """Say what is wrong with this connection, and close it."""
        self.write(f.Fault(code, message))
        self._close()

    def bye(self, code: str, retry_after_ms: int = 0) -> None:
        """Say goodbye, and close."""
        self.write(f.Bye(code, retry_after_ms))
        self._close()

    def _close(self) -> None:
        self._deaf = True
        self.connection.close()

    # What a mailbox says of this client's envelopes (see mailbox.Origin) --------------------------

    def answered(self, number: int) -> None:
        """The envelope of this number is accepted."""
        self.machine.answer(number)
        self._relay.answers_due(self)

    def settled(self, size_bytes: int) -> None:
        """An envelope has left this client's budget."""
        self.unsettled_bytes -= size_bytes
        self.unsettled -= 1
        if "unanswered" in self._pauses and not self._over_limit(half=True):
            self._resume("unanswered")

    def refused(self, number: int, code: str) -> None:
        """The envelope of this number is not taken."""
        self.write(f.Refused(number, code))
        self.answered(number)

    # Login ----------------------------------------------------------------------------------------

    def _on_hello(self, frame: f.Hello) -> None:
        if f.PROTOCOL_VERSION not in frame.versions:
            self.fault("version", f"This relay speaks protocol version {f.PROTOCOL_VERSION}")
            return
        self._hello = frame
        account = self._relay.directory.account(frame.user_key)
        registered = account is not None and frame.device_id in account.devices
        relay = self._relay
        self.write(
            f.Challenge(f.PROTOCOL_VERSION, relay.relay_id, self._nonce, relay.now_ms(), registered)
        )

    def _on_register(self, frame: f.Register) -> None:
        hello = self._said_hello()
        try:
            if frame.registration.user_key != hello.user_key:
                raise LoginRefused("The registration is for another key than the hello")
            self._relay.directory.register(frame)
        except SecureChatError as error:
            self._refuse_login(error)

    def _on_login(self, frame: f.Login) -> None:
        hello = self._said_hello()
        account = self._relay.directory.account(hello.user_key)
        device = account.devices.get(hello.device_id) if account else None
        try:
            if account is None or device is None:
                raise LoginRefused("This device is not registered here")
            frame.proof.verify(
                device.certificate,
                relay_id=self._relay.relay_id,
                certificate_hash=hashlib.sha256(self.connection.local_certificate).digest(),
                server_nonce=self._nonce,
                protocol_version=f.PROTOCOL_VERSION,
            )
        except SecureChatError as error:
            self._refuse_login(error)
            return
        self._welcome(account, device)

    def _said_hello(self) -> f.Hello:
        if self._hello is None:
            raise RemoteProtocolError("No hello came before the login")
        return self._hello

    def _refuse_login(self, error: SecureChatError) -> None:
        relay, hello = self._relay, self._said_hello()
        code = error.code if isinstance(error, NameTaken | NameInvalid) else "login-refused"
        delay_s = relay.login_failed(self.connection.remote.host, hello.user_key)
        relay.on_event(Refusal(self.connection.remote.host, code))
        self._deaf = True
        message = error.what
        relay.call_later(delay_s, lambda: self.fault(code, message))

    def _welcome(self, account: Account, device: Device) -> None:
        relay = self._relay
        self.account, self.device = account, device
        self._budget = ByteBudget(relay.config.account_bytes_per_s, relay.clock())
        self.connection.authenticated()
        self.write(
            f.Welcome(
                account.name,
                device.bundle_epoch,
                len(device.one_time_keys),
                device.sent,
                MAX_FRAME_BYTES,
            )
        )
        older = relay.online.get(device.mailbox)
        if older is not None:
            older.bye("replaced")
            relay.open_mailbox(device.mailbox).detach()
        relay.online[device.mailbox] = self
        if not relay.presence.is_online(account.name):
            relay.on_event(Joined(account.name))
        for watcher in relay.presence.arrive(account.name):
            watcher.write(f.Presence(account.name, True))
        relay.open_mailbox(device.mailbox).attach(lambda: relay.mark_dirty(self))
        relay.mark_dirty(self)

    # The directory --------------------------------------------------------------------------------

    def _on_publish(self, frame: f.Publish) -> None:
        _, device = self._logged_in()
        try:
            self._relay.directory.accept_prekeys(device, frame)
        except SecureChatError as error:
            self.write(f.Failed(frame.request, "invalid-prekeys", error.what))
            return
        self.write(f.Done(frame.request))

    def _on_lookup(self, frame: f.Lookup) -> None:
        asker, _ = self._logged_in()
        relay = self._relay
        account = relay.directory.by_name(frame.name)
        if account is None:
            self.write(f.Failed(frame.request, "unknown-name", "Nobody has this name here"))
            return
        claimant = asker.registration.user_key if frame.claim else None
        user = relay.directory.publish(account, claimant, relay.now_ms())
        if user is None:
            self.write(f.Failed(frame.request, "no-prekeys", "No device has left prekeys yet"))
            return
        self.write(f.Found(frame.request, user))

    # Envelopes ------------------------------------------------------------------------------------

    def _on_send(self, frame: f.Send) -> None:
        _, device = self._logged_in()
        relay, now = self._relay, self._relay.clock()
        self._note_ack(frame.ack)
        size_bytes = 0
        for number, outgoing in enumerate(frame.envelopes, frame.first):
            size_bytes += len(outgoing.envelope)
            if frame.ephemeral:
                relay.route_ephemeral(outgoing)
                self.answered(number)
                continue
            self.unsettled += 1
            self.unsettled_bytes += len(outgoing.envelope)
            code = relay.route(outgoing, device.mailbox, self, number, now)
            if code:
                self.settled(len(outgoing.envelope))
                self.refused(number, code)
        device.sent += len(frame.envelopes)
        self._apply_limits(size_bytes, now)

    def _on_ack(self, frame: f.Ack) -> None:
        self._note_ack(frame.ack)

    def _note_ack(self, ack: int) -> None:
        count, self._acked = ack - self._acked, ack
        if count:
            _, device = self._logged_in()
            mailbox = self._relay.open_mailbox(device.mailbox)
            mailbox.ack(count)
            self._relay.mark_dirty(self)

    def _apply_limits(self, size_bytes: int, now: float) -> None:
        if self._over_limit():
            self._pause("unanswered")
        pause_s = self._budget.spend(size_bytes, now) if self._budget else 0.0
        if pause_s > SHORTEST_PAUSE_S and "budget" not in self._pauses:
            self._pause("budget")
            self._relay.call_later(pause_s, lambda: self._resume("budget"))

    def _over_limit(self, *, half: bool = False) -> bool:
        config, share = self._relay.config, 2 if half else 1
        return (
            self.unsettled * share >= config.unanswered_envelopes
            or self.unsettled_bytes * share >= config.unanswered_bytes
        )

    def _pause(self, why: str) -> None:
        if not self._pauses:
            self.connection.pause_reading()
        self._pauses.add(why)

    def _resume(self, why: str) -> None:
        self._pauses.discard(why)
        if not self._pauses and not self._deaf:
            self.connection.resume_reading()

    # Presence and the connection itself -----------------------------------------------------------

    def _on_watch(self, frame: f.Watch) -> None:
        presence = self._relay.presence
        presence.watch(self, frame.names)
        for name in frame.names:
            self.write(f.Presence(name, presence.is_online(name)))

    def _on_who(self, frame: f.Who) -> None:
        self.write(f.People(frame.request, self._relay.presence.online()))

    def _on_ping(self, frame: f.Ping) -> None:
        self.write(f.Pong(frame.nonce))

    def _on_bye(self, frame: f.Bye) -> None:  # noqa: ARG002 (a goodbye needs no reading)
        self._close()

    def _logged_in(self) -> tuple[Account, Device]:
        if self.account is None or self.device is None:
            raise RemoteProtocolError("That needs a login first")
        return self.account, self.device

    _HANDLERS: ClassVar[dict[type[f.Frame], Callable[["Session", Any], None]]] = {
        f.Hello: _on_hello,
        f.Register: _on_register,
        f.Login: _on_login,
        f.Publish: _on_publish,
        f.Lookup: _on_lookup,
        f.Send: _on_send,
        f.Ack: _on_ack,
        f.Watch: _on_watch,
        f.Who: _on_who,
        f.Ping: _on_ping,
        f.Bye: _on_bye,
    }
