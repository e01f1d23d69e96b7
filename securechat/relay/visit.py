"""A device's visit, from its welcome to the end of its connection: who does what it asks for."""

from securechat.relay.channel import Channel
from securechat.relay.device_presence import DevicePresence
from securechat.relay.directory import Account, Device
from securechat.relay.events import Replaced
from securechat.relay.intake import Intake
from securechat.relay.limits import ByteBudget
from securechat.relay.mailbox import Mailbox
from securechat.relay.relay import Relay
from securechat.relay.replies import Replies
from securechat.relay.submission import Submission
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES
from securechat.wire.codes import ByeCode


class Visit:
    """A logged-in device on one connection, and the reader of its mailbox."""

    __slots__ = (
        "_account",
        "_acked",
        "_channel",
        "_device",
        "_intake",
        "_mailbox",
        "_presence",
        "_relay",
        "_replies",
        "_submission",
    )

    def __init__(self, relay: Relay, channel: Channel, account: Account, device: Device) -> None:
        if account.budget is None:
            account.budget = ByteBudget(relay.config.account_bytes_per_s, relay.clock())
        self._relay = relay
        self._channel = channel
        self._account = account
        self._device = device
        self._mailbox = relay.open_mailbox(device.mailbox)
        self._acked = 0
        """How many deliveries of this connection the device has disposed of."""
        intake = Intake(relay.config, account.budget, channel.connection, relay.call_later)
        user_key = account.registration.user_key
        self._intake = intake
        self._replies = Replies(channel, intake)
        self._submission = Submission(relay, channel, user_key, device, intake)
        self._presence = DevicePresence(relay, channel, account, device, intake, self._replies)

    # What the session calls -----------------------------------------------------------------------

    def begin(self, sent: int) -> None:
        """Welcome the device, which by its own count has ever handed in so much.

        An older connection of it ends first: what comes there from now on is not counted, for the
        device has counted it already.
        """
        relay, device, mailbox_id = self._relay, self._device, self._mailbox.mailbox_id
        older = relay.online.get(mailbox_id)
        if older is not None:
            older.replaced()
            relay.tell(Replaced(self._account.name, self._channel.connection.remote.host))
            self._mailbox.detach()
            relay.presence.hand_over(mailbox_id)
        device.sent = max(device.sent, sent)
        epoch, keys = device.bundle_epoch, len(device.one_time_keys)
        self._channel.write(
            f.Welcome(
                self._account.name, epoch, keys, device.sent, MAX_FRAME_BYTES, len(self._mailbox)
            )
        )
        relay.online[mailbox_id] = self
        self._mailbox.attach(self)
        self._presence.begin()

    def read(self, frames: list[f.ClientFrame], size_bytes: int, now: float) -> None:
        """Do what one read of the connection asks for, which brought ``size_bytes``.

        If it brought, and asked for, too much, the client is slowed down.
        """
        channel = self._channel
        for frame in frames:
            self._handle(frame, now)
            if channel.is_deaf:
                return
        if frames and not self._presence.is_shown:
            self._presence.show_as_it_is()
        self._submission.end_read(size_bytes)
        self._intake.measure(size_bytes, len(frames), now)

    def check(self, now: float) -> None:
        """Raise LimitExceeded if the client does not take what it asked for."""
        self._intake.check_backlog()
        if self._intake.is_holding:
            self._channel.machine.hold(now)

    def end(self) -> None:
        """The connection is gone."""
        relay, mailbox_id = self._relay, self._mailbox.mailbox_id
        self._channel.is_deaf = True
        self._submission.end()
        self._presence.end()
        relay.dispatch.forget(self, self._submission)
        if relay.directory.device(mailbox_id) is self._device:
            relay.records.save_sent([self._device])
        if relay.online.get(mailbox_id) is self:
            del relay.online[mailbox_id]
            self._mailbox.detach()
        if mailbox_id not in relay.online:
            self._presence.take_leave()

    # What a frame makes happen --------------------------------------------------------------------

    def _handle(self, frame: f.ClientFrame, now: float) -> None:
        """Do what a frame asks for, which came ``now``."""
        match frame:
            case f.Send():
                if frame.ack != self._acked:
                    self._ack(frame.ack, now)
                self._submission.take(frame, now)
            case f.Ack():
                if frame.ack != self._acked:
                    self._ack(frame.ack, now)
            case _:
                self._see_to(frame)

    def _see_to(self, frame: f.ClientFrame) -> None:
        """Bring any other frame to whose business it is; a pong asks for nothing."""
        relay, channel, replies = self._relay, self._channel, self._replies
        user_key = self._account.registration.user_key
        match frame:
            case f.Ping():
                replies.send(f.Pong(frame.nonce))
            case f.Publish():
                relay.prekeys.publish(frame, self._device, replies, self._presence.announce)
            case f.Lookup():
                relay.prekeys.look_up(frame, user_key, replies)
                self._intake.check_backlog()
            case f.Status():
                self._presence.status(frame)
            case f.Watch():
                self._presence.watch(frame)
            case f.Who():
                self._presence.who(frame)
            case f.InviteMake() | f.InviteList() | f.InviteRevoke():
                relay.invites.answer(frame, self._account, replies.reserve())
            case f.PairOpen():
                replies.send(relay.pairing.open(channel, user_key, frame.request))
            case f.PairPass():
                relay.pairing.passed(channel, frame)
            case f.PairEnd():
                relay.pairing.ended(channel, frame)
            case f.Bye():
                channel.close()

    # Its mailbox ----------------------------------------------------------------------------------

    def _ack(self, ack: int, now: float) -> None:
        """The device has disposed of more deliveries, which lets others into the window."""
        count, self._acked = ack - self._acked, ack
        self._mailbox.ack(count, now)
        if self._mailbox.window.waiting:
            self.wake()

    def wake(self) -> None:
        """The store has given something for the device."""
        self._relay.dispatch.urgent.add(self)

    def flush(self) -> Mailbox:
        """Deliver what the window allows; answers ride along. Returns the mailbox."""
        channel, mailbox = self._channel, self._mailbox
        machine = channel.machine
        if not machine.is_closed:
            data = mailbox.deliver(machine.deliver)
            while data:
                channel.connection.write(data)
                data = mailbox.deliver(machine.deliver) if mailbox.window.waiting else b""
        return mailbox

    # What the relay calls -------------------------------------------------------------------------

    def tell_keys_left(self) -> None:
        """One of the device's one-time keys has been claimed."""
        self._channel.write(f.KeysLeft(len(self._device.one_time_keys)))

    def replaced(self) -> None:
        """The device has logged in on another connection."""
        self._channel.bye(ByeCode.REPLACED)
