"""A device's visit: from its welcome to the end of its connection, what each frame makes happen."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from securechat.errors import LimitExceeded, SecureChatError
from securechat.identity.chain import PublishedUser
from securechat.identity.types import EnvelopeId, MailboxId
from securechat.relay.channel import Channel
from securechat.relay.directory import Account, Device
from securechat.relay.events import Joined, Left
from securechat.relay.intake import Intake
from securechat.relay.limits import ByteBudget
from securechat.relay.queued import Queued
from securechat.relay.refusals import Refusals
from securechat.relay.relay import Relay
from securechat.relay.replies import Replies
from securechat.store.mailboxes import charge
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES
from securechat.wire.codes import ByeCode, FailedCode, FaultCode, RefusedCode

MAX_REFUSED = 10_000
MUST_COME_AGAIN = frozenset(
    {
        RefusedCode.MAILBOX_FULL,
        RefusedCode.NOT_STORED,
        RefusedCode.UNKNOWN_MAILBOX,
        RefusedCode.ORDER,
    }
)
DROP_BACKLOG_BYTES = 4 * 1024 * 1024
ANSWER_CHARGE_BYTES = 1024
"""What an answer costs its account beyond its bytes: a short one takes the relay time, too."""

WHO_CHARGE_BYTES = 64 * 1024
"""The same for a list of everybody, which has to be sorted."""

SHOW_AFTER_S = 1.0
AS_IT_BEGINS = f.Status(visible=True, lobby=False, away=False)


class Visit:
    """A logged-in device on one connection."""

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
        self._replies: Replies[f.RelayFrame] = Replies(self._reply)
        self._answer_bytes = 0
        self._acked = 0
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
        self._mailbox.attach(lambda: relay.mark_dirty(self))
        self._announce()
        relay.call_later(SHOW_AFTER_S, self.show_as_it_is)

    def handle(self, frame: f.ClientFrame) -> None:
        """Do what a frame asks for."""
        self._HANDLERS[type(frame)](self, frame)

    def after_read(self, size_bytes: int, now: float) -> None:
        """Slow the client down if what one wake-up brought, and asked for, was too much."""
        asked_bytes, self._answer_bytes = self._answer_bytes, 0
        self._intake.after_read(size_bytes + asked_bytes, self._budget, now)

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
            self._answer_bytes += size_bytes

    def tell_keys_left(self) -> None:
        """One of the device's one-time keys has been claimed."""
        self._channel.write(f.KeysLeft(len(self._device.one_time_keys)))

    def replaced(self) -> None:
        """The device has logged in on another connection."""
        self._channel.bye(ByeCode.REPLACED)

    def flush(self) -> None:
        """Deliver what the window allows; answers ride along."""
        machine, connection = self._channel.machine, self._channel.connection
        if machine.is_closed:
            return
        mailbox = self._mailbox
        while mailbox.has_waiting and (batch := mailbox.take_batch()):
            connection.write(machine.deliver(batch))

    def flush_answers(self) -> None:
        """Send the answers that found nothing to ride on."""
        machine = self._channel.machine
        if not machine.is_closed and (data := machine.take_answers()):
            self._channel.connection.write(data)

    # What a mailbox says of this client's envelopes (see mailbox.Origin) --------------------------

    def answered(self, number: int) -> None:
        """The envelope of this number is accepted."""
        if not self._channel.is_deaf:
            self._channel.machine.answer(number)
            self._relay.answers_due(self)

    def acknowledged(self, number: int, settled_bytes: int) -> None:
        """The recipient has the envelope of this number: it is accepted, and settled."""
        channel = self._channel
        if not channel.is_deaf:
            if settled_bytes:
                self._intake.settle(settled_bytes)
            channel.machine.answer(number)
            self._relay.answers_due(self)

    def settled(self, size_bytes: int) -> None:
        """An envelope has left this client's budget."""
        if not self._channel.is_deaf:
            self._intake.settle(size_bytes)

    def dropped(self, entry: Queued, code: RefusedCode) -> None:
        """An envelope that had been taken is not kept after all."""
        if not self._channel.is_deaf:
            self._refuse(entry.number, entry.size_bytes, code)
            if code in MUST_COME_AGAIN:
                self._call_again(entry.mailbox, entry.envelope_id, entry.rank)

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
        self._answer_bytes += WHO_CHARGE_BYTES
        self._check_backlog()

    def _reply(self, frame: f.RelayFrame) -> None:
        """Send an answer, which may be long to a short request, at the expense of who asked."""
        if not self._channel.is_deaf:
            self._answer_bytes += self._channel.write(frame) + ANSWER_CHARGE_BYTES

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
        self._intake.take(0)

        def saved(is_saved: bool) -> None:
            self.settled(0)
            done(is_saved)

        self._relay.records.save_devices(devices, saved)

    def _fail(self, request: int, code: FailedCode, message: str) -> None:
        self._replies.give(f.Failed(request, code, message[: f.MAX_TEXT]))

    # Envelopes ------------------------------------------------------------------------------------

    def _on_send(self, frame: f.Send) -> None:
        self._note_ack(frame.ack)
        if frame.ephemeral:
            self._pass_on(frame)
            return
        relay, intake, sender = self._relay, self._intake, self._mailbox.mailbox_id
        self._device.sent += len(frame.envelopes)
        now = relay.clock()
        for number, outgoing in enumerate(frame.envelopes, frame.first):
            intake.take(charge(outgoing.envelope))
            code = relay.route(outgoing, sender, self, number, now)
            if code is not None:
                self._refuse(number, charge(outgoing.envelope), code)
                if code in MUST_COME_AGAIN:
                    self._call_again(outgoing.mailbox, outgoing.envelope_id, number)
            elif self.refusals.count:
                self.refusals.remove(outgoing.mailbox, outgoing.envelope_id)

    def _pass_on(self, frame: f.Send) -> None:
        for number, outgoing in enumerate(frame.envelopes, frame.first):
            self._relay.route_ephemeral(outgoing)
            self.answered(number)

    def _refuse(self, number: int, size_bytes: int, code: RefusedCode) -> None:
        self.settled(size_bytes)
        self._channel.write(f.Refused(number, code))
        self.answered(number)

    def _call_again(self, mailbox: MailboxId, envelope_id: EnvelopeId, rank: int) -> None:
        """Take nothing more for this mailbox until the envelope has come again."""
        self.refusals.add(mailbox, envelope_id, rank)
        if self.refusals.count > MAX_REFUSED:
            self._channel.fault(FaultCode.LIMIT, "Too many envelopes have been refused")

    def _on_ack(self, frame: f.Ack) -> None:
        self._note_ack(frame.ack)

    def _note_ack(self, ack: int) -> None:
        count, self._acked = ack - self._acked, ack
        if count:
            self._mailbox.ack(count, self._relay.clock())
            if self._mailbox.has_waiting:
                self._relay.mark_dirty(self)

    # The connection itself ------------------------------------------------------------------------

    def _on_ping(self, frame: f.Ping) -> None:
        self._reply(f.Pong(frame.nonce))

    def _on_bye(self, frame: f.Bye) -> None:  # noqa: ARG002 (a goodbye needs no reading)
        self._channel.close()

    _HANDLERS: ClassVar[dict[type[f.Frame], Callable[["Visit", Any], None]]] = {
        f.Publish: _on_publish,
        f.Lookup: _on_lookup,
        f.Send: _on_send,
        f.Ack: _on_ack,
        f.Watch: _on_watch,
        f.Who: _on_who,
        f.Status: _on_status,
        f.Ping: _on_ping,
        f.Bye: _on_bye,
    }
