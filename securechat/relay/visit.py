"""A device's visit: from its welcome to the end of its connection, what each frame makes happen."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from securechat.errors import LimitExceeded, SecureChatError
from securechat.identity.chain import PublishedUser
from securechat.identity.types import EnvelopeId, MailboxId
from securechat.relay.channel import Channel
from securechat.relay.directory import Account, Device
from securechat.relay.events import Joined, Left, Replaced
from securechat.relay.intake import Intake
from securechat.relay.invite_desk import InviteRequest
from securechat.relay.limits import ByteBudget
from securechat.relay.mailbox import Mailbox, Reader
from securechat.relay.parcel import Parcel
from securechat.relay.refusals import Refusals
from securechat.relay.relay import Relay
from securechat.relay.replies import Replies
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES
from securechat.wire.codes import ByeCode, FailedCode, FaultCode, RefusedCode
from securechat.wire.fields import MAX_TEXT

MAX_REFUSED = 10_000
"""How many refused envelopes of a connection the relay keeps in mind until they come again."""

MUST_COME_AGAIN = frozenset(
    {
        RefusedCode.MAILBOX_FULL,
        RefusedCode.NOT_STORED,
        RefusedCode.UNKNOWN_MAILBOX,
        RefusedCode.ORDER,
    }
)
"""With these the order of the mailbox waits for the envelope; see `Refusals`."""

DROP_BACKLOG_BYTES = 4 * 1024 * 1024
"""Who leaves more than this unread has to go."""

REQUEST_BYTES = 4096
"""As what a request that waits for the disk counts among what is unanswered."""

MEASURE_EVERY_BYTES = 64 * 1024
"""After how much an account is charged, or a 64th of a second's worth: not for each short read."""

FRAME_CHARGE_BYTES = 1024
"""What a frame, or an answer, costs its account beyond its bytes: short ones take time, too."""

WHO_CHARGE_BYTES = 64 * 1024
"""The same for a list of everybody, which has to be sorted."""

SHOW_AFTER_S = 1.0
"""After what time a device is seen that sends nothing."""

FEWEST_OF_A_ROOM = 16
"""As many envelopes for different mailboxes in one frame are a post to a room."""

AS_IT_BEGINS = f.Status(visible=True, lobby=False, away=False)


class Visit:
    """A logged-in device on one connection."""

    __slots__ = (
        "_account",
        "_acked",
        "_budget",
        "_channel",
        "_device",
        "_has_answers",
        "_intake",
        "_is_announced",
        "_mailbox",
        "_measure_bytes",
        "_now",
        "_parcel",
        "_relay",
        "_replies",
        "_rest",
        "_rest_bytes",
        "_status",
        "_unmeasured_bytes",
        "is_shown",
        "refusals",
        "user_key",
    )

    def __init__(self, relay: Relay, channel: Channel, account: Account, device: Device) -> None:
        self.user_key = account.registration.user_key
        self.refusals = Refusals()
        self._relay = relay
        self._channel = channel
        self._account = account
        self._device = device
        self._mailbox = relay.open_mailbox(device.mailbox)
        self._intake = Intake(relay.config, channel.connection, relay.call_later)
        if account.budget is None:
            account.budget = ByteBudget(relay.config.account_bytes_per_s, relay.clock())
        self._budget = account.budget
        self._measure_bytes = min(MEASURE_EVERY_BYTES, relay.config.account_bytes_per_s // 64)
        self._replies: Replies[f.RelayFrame] = Replies(self._reply)
        self._unmeasured_bytes = 0
        """What came, and was asked for, since the account was last charged for it."""
        self._acked = 0
        self._now = 0.0
        """When what is being handled came."""
        self._parcel: Parcel | None = None
        """What the read that is being handled has brought so far."""
        self._rest = channel.machine.decoder.rest
        """What came and is no whole frame yet."""
        self._rest_bytes = 0
        """How much of that there was after the last read."""
        self._has_answers = False
        """Whether the relay will ask for the answers that find nothing to ride on."""
        self._is_announced = False
        self._status = AS_IT_BEGINS
        self.is_shown = False
        """Whether the client has had its chance to say how others see the device."""

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
        self._announce()
        relay.call_later(SHOW_AFTER_S, self.show_as_it_is)

    def read(self, frames: list[f.ClientFrame], size_bytes: int, now: float) -> None:
        """Do what one read of the connection asks for, which brought ``size_bytes``.

        If it brought, and asked for, too much, the client is slowed down. A frame that came in
        several reads counts as a whole.
        """
        handlers, channel = self._HANDLERS, self._channel
        self._now = now
        for frame in frames:
            handlers[type(frame)](self, frame)
            if channel.is_deaf:
                return
        if not self.is_shown and frames:
            self.show_as_it_is()
        rest_bytes = len(self._rest)
        if (parcel := self._parcel) is not None:
            self._parcel = None
            parcel.size_bytes = size_bytes + self._rest_bytes - rest_bytes
            least_bytes = (parcel.last - parcel.first + 1) * MIN_CHARGE_BYTES
            if parcel.size_bytes < least_bytes:
                parcel.size_bytes = least_bytes
            self._intake.take(parcel.size_bytes)
            parcel.settle()
        self._rest_bytes = rest_bytes
        self._unmeasured_bytes += size_bytes + FRAME_CHARGE_BYTES * len(frames)
        if self._unmeasured_bytes >= self._measure_bytes:
            self._intake.measure(self._unmeasured_bytes, self._budget, now)
            self._unmeasured_bytes = 0

    def show_as_it_is(self) -> None:
        """Let others see the device, unless they do: its client has had the chance to say how."""
        if not self.is_shown and not self._channel.is_deaf:
            self._show()

    def check(self, now: float) -> None:
        """Raise LimitExceeded if the client does not take what it asked for."""
        self._check_backlog()
        if self._intake.is_holding:
            self._channel.machine.hold(now)

    def _check_backlog(self) -> None:
        if self._channel.connection.backlog_bytes > DROP_BACKLOG_BYTES:
            raise LimitExceeded("A client does not take what is sent to it")

    def end(self) -> None:
        """The connection is gone."""
        relay, mailbox_id = self._relay, self._mailbox.mailbox_id
        self._channel.is_deaf = True
        self._parcel = None
        relay.forget(self)
        if relay.directory.device(mailbox_id) is self._device:
            relay.records.save_sent([self._device])
        if relay.online.get(mailbox_id) is self:
            del relay.online[mailbox_id]
            self._mailbox.detach()
        if mailbox_id not in relay.online:
            self._take_leave()

    # What the relay calls -------------------------------------------------------------------------

    def tell(self, news: f.Presence | f.Lobby) -> None:
        """Say who has come or gone; a client that does not take what it is told has to go."""
        if self._channel.connection.backlog_bytes > DROP_BACKLOG_BYTES:
            self._channel.close()
            return
        size_bytes = self._channel.write(news)
        if isinstance(news, f.Lobby) and news.begins:
            self._unmeasured_bytes += size_bytes

    def tell_keys_left(self) -> None:
        """One of the device's one-time keys has been claimed."""
        self._channel.write(f.KeysLeft(len(self._device.one_time_keys)))

    def replaced(self) -> None:
        """The device has logged in on another connection."""
        self._channel.bye(ByeCode.REPLACED)

    def wake(self) -> None:
        """The store has given something for the device."""
        self._relay.urgent.add(self)

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

    def flush_answers(self) -> None:
        """Send the answers that found nothing to ride on."""
        self._has_answers = False
        machine = self._channel.machine
        if not machine.is_closed and (data := machine.take_answers()):
            self._channel.connection.write(data)

    # What a mailbox says of this client's envelopes (see parcel.Origin) ---------------------------

    def answered(self, parcel: Parcel) -> None:
        """All envelopes of a parcel are accepted or refused."""
        channel = self._channel
        if not channel.is_deaf:
            self._intake.settle(parcel.size_bytes)
            channel.machine.answer(parcel.first, parcel.last)
            if not self._has_answers:
                self._has_answers = True
                self._relay.answers_due(self)

    def dropped(
        self, mailbox: MailboxId, envelope_id: EnvelopeId, number: int, rank: int, code: RefusedCode
    ) -> None:
        """An envelope that had been taken is not kept after all."""
        if not self._channel.is_deaf:
            self._refuse(mailbox, envelope_id, number, rank, code)

    # Presence -------------------------------------------------------------------------------------

    def _announce(self) -> None:
        """Count this device as present, as soon as others can write to it."""
        relay, name = self._relay, self._account.name
        if self._is_announced:
            return
        if self._device.bundle is None:
            self._take_leave()  # what a replaced connection stood for is another device
            return
        self._is_announced = True
        if relay.presence.arrive(self._mailbox.mailbox_id, name):
            relay.on_event(Joined(name))
        if self.is_shown:
            self._show()

    def _show(self) -> None:
        self.is_shown = True
        self._relay.presence.show(self._mailbox.mailbox_id, self, self._status)

    def _take_leave(self) -> None:
        relay = self._relay
        if relay.presence.leave(self._mailbox.mailbox_id):
            relay.on_event(Left(self._account.name))

    def _on_status(self, frame: f.Status) -> None:
        self._status = frame
        self._show()
        self._check_backlog()

    def _on_watch(self, frame: f.Watch) -> None:
        presence = self._relay.presence
        presence.watch(self, frame.names)
        for name in frame.names:
            self._reply(presence.presence(name))

    def _on_who(self, frame: f.Who) -> None:
        self._replies.give(self._relay.presence.people(frame.request))
        self._unmeasured_bytes += WHO_CHARGE_BYTES
        self._check_backlog()

    def _reply(self, frame: f.RelayFrame) -> None:
        """Send an answer, which may be long to a short request, at the expense of who asked."""
        if not self._channel.is_deaf:
            self._unmeasured_bytes += self._channel.write(frame) + FRAME_CHARGE_BYTES

    # The directory --------------------------------------------------------------------------------

    def _on_publish(self, frame: f.Publish) -> None:
        relay, device = self._relay, self._device
        device.sent += 1
        try:
            relay.directory.accept_prekeys(device, frame)
        except SecureChatError as error:
            self._fail(frame.request, FailedCode.INVALID_PREKEYS, error.what)
            return
        give = self._replies.reserve()

        def saved(is_saved: bool) -> None:
            if is_saved:
                give(f.Done(frame.request))
            else:
                message = "The relay cannot store these keys now, and may forget them"
                give(f.Failed(frame.request, FailedCode.NOT_STORED, message))
            if not self._channel.is_deaf:
                self._announce()

        self._save([device], saved)

    def _on_lookup(self, frame: f.Lookup) -> None:
        relay = self._relay
        account = relay.directory.by_name(frame.name)
        if account is None:
            self._fail(frame.request, FailedCode.UNKNOWN_NAME, "Nobody has this name here")
            return
        claimant = self.user_key if frame.claim else None
        user = relay.directory.publish(account, claimant, relay.now_ms())
        if user is None:
            self._fail(frame.request, FailedCode.NO_PREKEYS, "No device has left prekeys yet")
            return
        mailboxes = [each.certificate.mailbox for each in user.devices if each.one_time_key]
        if mailboxes:
            self._keep_claim(frame.request, user, mailboxes)
        else:
            self._replies.give(f.Found(frame.request, user))
        self._check_backlog()

    def _keep_claim(self, request: int, user: PublishedUser, mailboxes: list[MailboxId]) -> None:
        """Show a person with one-time keys once nobody else can get these, or without any."""
        relay, give = self._relay, self._replies.reserve()

        def saved(is_saved: bool) -> None:
            if not is_saved:
                give(f.Found(request, relay.directory.take_back(user, self.user_key)))
                return
            for holder in filter(None, map(relay.online.get, mailboxes)):
                holder.tell_keys_left()
            give(f.Found(request, user))

        self._save(filter(None, map(relay.directory.device, mailboxes)), saved)

    def _save(self, devices: Iterable[Device], done: Callable[[bool], None]) -> None:
        """Keep what devices have left; one who asks for much waits while the disk lags."""
        self._intake.take(REQUEST_BYTES)

        def saved(is_saved: bool) -> None:
            if not self._channel.is_deaf:
                self._intake.settle(REQUEST_BYTES)
            done(is_saved)

        self._relay.records.save_devices(devices, saved)

    def _fail(self, request: int, code: FailedCode, message: str) -> None:
        self._replies.give(f.Failed(request, code, message[:MAX_TEXT]))

    # Envelopes ------------------------------------------------------------------------------------

    def _on_send(self, frame: f.Send) -> None:
        if frame.ack != self._acked:
            self._note_ack(frame.ack)
        envelopes, number, parcel = frame.envelopes, frame.first, self._parcel
        count, relay, refusals = len(envelopes), self._relay, self.refusals
        if parcel is None:
            sender = self._mailbox.mailbox_id
            parcel = self._parcel = Parcel(self, sender, self.user_key, self._now, number)
        parcel.last += count
        if frame.ephemeral:
            self._pass_on(envelopes)
            return
        self._device.sent += count
        parcel.open += count
        find = relay.mailboxes.get
        is_post = count >= FEWEST_OF_A_ROOM and _is_for_many(envelopes)
        deliver_to = relay.bulky.add if is_post else relay.urgent.add
        for outgoing in envelopes:
            mailbox = find(outgoing.mailbox)
            if (
                mailbox is None
                or (lane := mailbox.window.lane) is None
                or refusals.count
                or not lane.take(outgoing, parcel, number)
            ):
                reader = self._offer(outgoing, parcel, number)
            else:
                reader = mailbox.reader
            if reader is not None:
                deliver_to(reader)
            number += 1

    def _offer(self, outgoing: f.Outgoing, parcel: Parcel, number: int) -> Reader | None:
        """Offer an envelope that no fast lane takes; return who is to get it, if connected."""
        to, envelope_id = outgoing.mailbox, outgoing.envelope_id
        code = self._try(outgoing, parcel, number)
        if code is not None:
            parcel.open -= 1
            self._refuse(to, envelope_id, number, number, code)
            return None
        self.refusals.remove(to, envelope_id)
        return self._relay.mailboxes[to].reader

    def _try(self, outgoing: f.Outgoing, parcel: Parcel, number: int) -> RefusedCode | None:
        """Offer it, unless nobody has this mailbox or a refused one has to come again before."""
        to, envelope_id, refusals = outgoing.mailbox, outgoing.envelope_id, self.refusals
        if self._relay.directory.device(to) is None:
            return RefusedCode.UNKNOWN_MAILBOX
        if not refusals.is_turn_of(to, envelope_id):
            return RefusedCode.ORDER
        rank = refusals.rank_of(to, envelope_id) or 0
        return self._relay.open_mailbox(to).offer(outgoing, parcel, number, rank)

    def _pass_on(self, envelopes: tuple[f.Outgoing, ...]) -> None:
        for outgoing in envelopes:
            self._relay.route_ephemeral(outgoing)

    def _refuse(
        self, mailbox: MailboxId, envelope_id: EnvelopeId, number: int, rank: int, code: RefusedCode
    ) -> None:
        """Say so; with some codes take nothing more for this mailbox until it has come again."""
        self._channel.write(f.Refused(number, code))
        if code not in MUST_COME_AGAIN:
            return
        self.refusals.add(mailbox, envelope_id, rank)
        if self.refusals.count > MAX_REFUSED:
            self._channel.fault(FaultCode.LIMIT, "Too many envelopes have been refused")

    def _on_ack(self, frame: f.Ack) -> None:
        if frame.ack != self._acked:
            self._note_ack(frame.ack)

    def _note_ack(self, ack: int) -> None:
        count, self._acked = ack - self._acked, ack
        self._mailbox.ack(count, self._now)
        if self._mailbox.window.waiting:
            self.wake()

    # The connection itself ------------------------------------------------------------------------

    def _on_ping(self, frame: f.Ping) -> None:
        self._reply(f.Pong(frame.nonce))

    def _on_pong(self, frame: f.Pong) -> None:
        """Do nothing: that it came says all."""

    def _on_bye(self, frame: f.Bye) -> None:  # noqa: ARG002 (a goodbye needs no reading)
        self._channel.close()

    # Pairing and invites --------------------------------------------------------------------------

    def _on_pair_open(self, frame: f.PairOpen) -> None:
        self._reply(self._relay.pairing.open(self._channel, self.user_key, frame.request))

    def _on_pair_pass(self, frame: f.PairPass) -> None:
        self._relay.pairing.passed(self._channel, frame)

    def _on_pair_end(self, frame: f.PairEnd) -> None:
        self._relay.pairing.ended(self._channel, frame)

    def _on_invite(self, frame: InviteRequest) -> None:
        give = self._replies.reserve()
        self._intake.take(REQUEST_BYTES)

        def answer(reply: f.Done | f.Failed | f.Invites) -> None:
            if not self._channel.is_deaf:
                self._intake.settle(REQUEST_BYTES)
            give(reply)

        self._relay.invites.answer(frame, self._account, answer)

    _HANDLERS: ClassVar[dict[type[f.Frame], Callable[["Visit", Any], None]]] = {
        f.Publish: _on_publish,
        f.Lookup: _on_lookup,
        f.Send: _on_send,
        f.Ack: _on_ack,
        f.Watch: _on_watch,
        f.Who: _on_who,
        f.Status: _on_status,
        f.Ping: _on_ping,
        f.Pong: _on_pong,
        f.Bye: _on_bye,
        f.PairOpen: _on_pair_open,
        f.PairPass: _on_pair_pass,
        f.PairEnd: _on_pair_end,
        f.InviteMake: _on_invite,
        f.InviteList: _on_invite,
        f.InviteRevoke: _on_invite,
    }


def _is_for_many(envelopes: tuple[f.Outgoing, ...]) -> bool:
    return envelopes[0].mailbox != envelopes[-1].mailbox
