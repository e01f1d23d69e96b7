"""How others see one connected device, and what it hears of them."""

from securechat.relay.channel import Channel
from securechat.relay.directory import Account, Device
from securechat.relay.events import Joined, Left
from securechat.relay.intake import Intake
from securechat.relay.relay import Relay
from securechat.relay.replies import Replies
from securechat.wire import frames as f

SHOW_AFTER_S = 1.0
"""After what time a device is seen that sends nothing."""

WHO_CHARGE_BYTES = 64 * 1024
"""What a list of everybody costs who asks for it: it has to be sorted."""

AS_IT_BEGINS = f.Status(visible=True, lobby=False, away=False)


class DevicePresence:
    """A device among the others, from its welcome to the end of its connection."""

    __slots__ = (
        "_account",
        "_channel",
        "_device",
        "_intake",
        "_is_announced",
        "_relay",
        "_replies",
        "_status",
        "is_shown",
    )

    def __init__(
        self,
        relay: Relay,
        channel: Channel,
        account: Account,
        device: Device,
        intake: Intake,
        replies: Replies,
    ) -> None:
        self._relay = relay
        self._channel = channel
        self._account = account
        self._device = device
        self._intake = intake
        self._replies = replies
        self._is_announced = False
        self._status = AS_IT_BEGINS
        self.is_shown = False
        """Whether the client has had its chance to say how others see the device."""

    # How others see it ----------------------------------------------------------------------------

    def begin(self) -> None:
        """The device is welcome."""
        self.announce()
        self._relay.call_later(SHOW_AFTER_S, self.show_as_it_is)

    def announce(self) -> None:
        """Count this device as present, as soon as others can write to it."""
        relay, name = self._relay, self._account.name
        if self._is_announced or self._channel.is_deaf:
            return
        if self._device.bundle is None:
            self.take_leave()  # what a replaced connection stood for is another device
            return
        self._is_announced = True
        if relay.presence.arrive(self._device.mailbox, name):
            relay.on_event(Joined(name))
        if self.is_shown:
            self._show()

    def show_as_it_is(self) -> None:
        """Let others see the device, unless they do: its client has had the chance to say how."""
        if not self.is_shown and not self._channel.is_deaf:
            self._show()

    def status(self, frame: f.Status) -> None:
        """Let others see the device as its client says."""
        self._status = frame
        self._show()
        self._intake.check_backlog()

    def _show(self) -> None:
        self.is_shown = True
        self._relay.presence.show(self._device.mailbox, self, self._status)

    def take_leave(self) -> None:
        """No connection stands for the device any more."""
        relay = self._relay
        if relay.presence.leave(self._device.mailbox):
            relay.on_event(Left(self._account.name))

    # What it hears of them ------------------------------------------------------------------------

    def tell(self, news: f.Presence | f.Lobby) -> None:
        """Say who has come or gone; a client that does not take what it is told has to go."""
        if self._intake.is_too_far_behind:
            self._channel.close()
            return
        size_bytes = self._channel.write(news)
        if isinstance(news, f.Lobby) and news.begins:
            self._intake.charge(size_bytes)

    def watch(self, frame: f.Watch) -> None:
        """Tell the client of these people, now and whenever that changes."""
        presence = self._relay.presence
        presence.watch(self, frame.names)
        for name in frame.names:
            self._replies.send(presence.presence(name))

    def who(self, frame: f.Who) -> None:
        """Tell the client who is online."""
        self._replies.give(self._relay.presence.people(frame.request))
        self._intake.charge(WHO_CHARGE_BYTES)
        self._intake.check_backlog()

    def end(self) -> None:
        """The connection is gone: tell it of nobody any more."""
        self._relay.presence.unwatch(self)
