"""One connection of one client, from hello to goodbye; the login is decided here.

A stranger who pairs says no hello: that conversation is the pairing desk's.
"""

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar

from securechat.errors import (
    InviteRefused,
    LimitExceeded,
    LoginRefused,
    NameInvalid,
    NameTaken,
    RemoteProtocolError,
    SecureChatError,
)
from securechat.identity.device import DeviceCertificate
from securechat.identity.login import LoginProof
from securechat.relay.channel import Channel, Connection
from securechat.relay.directory import Account, Device
from securechat.relay.relay import Relay
from securechat.relay.visit import Visit
from securechat.wire import frames as f
from securechat.wire.codes import FaultCode


class Session:
    """A transport's handler: it greets a client and, once that is logged in, lets it visit."""

    __slots__ = ("_channel", "_hello", "_nonce", "_register", "_relay", "_visit")

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._nonce = relay.random(32)
        self._hello: f.Hello | None = None
        self._register: f.Register | None = None
        self._visit: Visit | None = None

    def opened(self, connection: Connection) -> None:
        """The TLS handshake is done."""
        self._channel = channel = Channel(connection)
        self._relay.channels.add(channel)
        connection.set_timer(channel.machine.deadline())

    def received(self, data: bytes) -> None:
        """Handle every whole frame of what came."""
        channel, visit = self._channel, self._visit
        if channel.is_deaf:
            return
        now = self._relay.clock()
        try:
            frames = channel.machine.receive(data, now)
        except RemoteProtocolError as error:
            channel.fault(FaultCode.PROTOCOL, str(error))
            return
        if visit is None:
            frames, visit = self._greet(frames)
        if visit is not None:
            visit.read(frames, len(data), now)

    def timer(self, now: float) -> float | None:
        """A deadline has passed: ping, or give the client up (by raising)."""
        if self._visit is not None:
            self._visit.check(now)
        machine = self._channel.machine
        if data := machine.expire(now):
            self._channel.connection.write(data)
        return machine.deadline()

    def closed(self, error: SecureChatError | None) -> None:  # noqa: ARG002 (the loop logs it)
        """The connection is gone."""
        self._relay.channels.discard(self._channel)
        self._relay.pairing.gone(self._channel)
        if self._visit is not None:
            self._visit.end()

    def _greet(self, frames: list[f.ClientFrame]) -> tuple[list[f.ClientFrame], Visit | None]:
        """Handle what comes before the welcome; return what follows it at once, and the visit."""
        for place, frame in enumerate(frames):
            if self._visit is not None:
                return frames[place:], self._visit
            if self._channel.is_deaf:
                break
            self._GREETINGS[type(frame)](self, frame)
        return [], self._visit

    # Login ----------------------------------------------------------------------------------------

    def _on_hello(self, frame: f.Hello) -> None:
        if f.PROTOCOL_VERSION not in frame.versions:
            message = f"This relay speaks protocol version {f.PROTOCOL_VERSION}"
            self._channel.fault(FaultCode.VERSION, message)
            return
        self._hello = frame
        relay = self._relay
        account, device = self._find_device(frame)
        known_list = account.device_list if account and device is None else None
        self._channel.write(
            f.Challenge(
                f.PROTOCOL_VERSION,
                relay.relay_id,
                self._nonce,
                relay.now_ms(),
                device is not None,
                known_list,
            )
        )

    def _on_register(self, frame: f.Register) -> None:
        """Hold it until the login is proven: anybody can repeat what others have registered."""
        self._register = frame

    def _on_login(self, frame: f.Login) -> None:
        try:
            account, device = self._prove(frame.proof)
        except SecureChatError as error:
            self._refuse(error)
            return
        self._channel.connection.authenticated()
        removed, host = frozenset(account.removed), self._channel.connection.remote.host

        def saved(is_kept: bool) -> None:
            if is_kept:
                self._relay.close_mailboxes(removed)
                self._relay.registration_kept(account, host)
            self._let_in(account, device, frame.sent, is_kept)

        also = self._relay.entry.changes(account.registration.user_key)
        self._relay.records.save_account(account, saved, also)

    def _prove(self, proof: LoginProof) -> tuple[Account, Device]:
        """Return who has logged in, having entered what was registered; else SecureChatError."""
        hello, relay = self._said_hello(), self._relay
        register, self._register = self._register, None
        if register is None:
            account, device = self._find_device(hello)
            if account is None or device is None:
                raise LoginRefused("This device is not registered here")
            self._verify(proof, device.certificate)
            return account, device
        self._verify(proof, _certificate_to_register(register, hello))
        account = relay.register(register, self._channel.connection.remote.host)
        return account, account.devices[hello.device_id]

    def _verify(self, proof: LoginProof, certificate: DeviceCertificate) -> None:
        shown = self._channel.connection.local_certificate
        proof.verify(
            certificate,
            relay_id=self._relay.relay_id,
            certificate_hash=hashlib.sha256(shown).digest(),
            server_nonce=self._nonce,
            protocol_version=f.PROTOCOL_VERSION,
        )

    def _let_in(self, account: Account, device: Device, sent: int, is_kept: bool) -> None:
        """Begin the visit, now that the registration is on the disk."""
        channel = self._channel
        if channel.is_deaf or channel not in self._relay.channels:
            return
        if not is_kept:
            channel.fault(FaultCode.LIMIT, "The relay cannot store a new registration now")
            return
        if self._relay.directory.device(device.mailbox) is not device:
            channel.fault(FaultCode.LOGIN_REFUSED, "This device has been removed meanwhile")
            return
        self._visit = Visit(self._relay, channel, account, device)
        self._hello, self._nonce = None, b""  # of no more use: thousands are idle
        self._visit.begin(sent)

    def _on_pair_join(self, frame: f.PairJoin) -> None:
        self._relay.pairing.join(self._channel, frame)

    def _on_pair_pass(self, frame: f.PairPass) -> None:
        self._relay.pairing.passed(self._channel, frame)

    def _on_pair_end(self, frame: f.PairEnd) -> None:
        self._relay.pairing.ended(self._channel, frame)
        self._channel.close()

    def _on_bye(self, frame: f.Bye) -> None:  # noqa: ARG002 (a goodbye needs no reading)
        self._channel.close()

    def _said_hello(self) -> f.Hello:
        if self._hello is None:
            raise RemoteProtocolError("No hello came before the login")
        return self._hello

    def _find_device(self, hello: f.Hello) -> tuple[Account | None, Device | None]:
        account = self._relay.directory.account(hello.user_key)
        return account, account.devices.get(hello.device_id) if account else None

    def _refuse(self, error: SecureChatError) -> None:
        """Say no, a little later when this address or this key has failed too often."""
        relay, channel, host = self._relay, self._channel, self._channel.connection.remote.host
        named = isinstance(error, NameTaken | NameInvalid | InviteRefused | LimitExceeded)
        code = FaultCode(error.code) if named else FaultCode.LOGIN_REFUSED
        message = error.what
        delay_s = relay.login_failed(host, self._said_hello().user_key, code)
        channel.is_deaf = True
        if delay_s:
            relay.call_later(delay_s, lambda: channel.fault(code, message))
        else:
            channel.fault(code, message)

    _GREETINGS: ClassVar[dict[type[f.Frame], Callable[["Session", Any], None]]] = {
        f.Hello: _on_hello,
        f.Register: _on_register,
        f.Login: _on_login,
        f.PairJoin: _on_pair_join,
        f.PairPass: _on_pair_pass,
        f.PairEnd: _on_pair_end,
        f.Bye: _on_bye,
    }


def _certificate_to_register(register: f.Register, hello: f.Hello) -> DeviceCertificate:
    """Return the certificate of the device that said hello, signed by its person.

    Raises LoginRefused or InvalidSignature.
    """
    if register.registration.user_key != hello.user_key:
        raise LoginRefused("The registration is for another key than the hello")
    for certificate in register.certificates:
        if certificate.device_id == hello.device_id:
            certificate.verify(hello.user_key)
            return certificate
    raise LoginRefused("The registration is for other devices than the one of the hello")
