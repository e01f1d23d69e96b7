"""What a device hands in: each envelope goes into its mailbox, or back to the device with a code.

All that one read brings is a parcel, answered for as a whole once every envelope of it is accepted
or refused.
"""

from securechat.identity.types import EnvelopeId, MailboxId, UserKey
from securechat.relay.channel import Channel
from securechat.relay.directory import Device
from securechat.relay.intake import Intake
from securechat.relay.mailbox import Reader
from securechat.relay.parcel import Parcel
from securechat.relay.refusals import Refusals
from securechat.relay.relay import Relay
from securechat.store.mailboxes import MIN_CHARGE_BYTES
from securechat.wire import frames as f
from securechat.wire.codes import FaultCode, RefusedCode

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

FEWEST_OF_A_ROOM = 16
"""As many envelopes for different mailboxes in one frame are a post to a room."""


class Submission:
    """A device as the one who hands in envelopes on one connection."""

    __slots__ = (
        "_channel",
        "_device",
        "_has_answers",
        "_intake",
        "_mailbox_id",
        "_parcel",
        "_refusals",
        "_relay",
        "_rest",
        "_rest_bytes",
        "_user_key",
    )

    def __init__(
        self, relay: Relay, channel: Channel, user_key: UserKey, device: Device, intake: Intake
    ) -> None:
        self._relay = relay
        self._channel = channel
        self._user_key = user_key
        self._device = device
        self._mailbox_id = device.mailbox
        self._intake = intake
        self._refusals = Refusals()
        self._parcel: Parcel | None = None
        """What the read that is being handled has brought so far."""
        self._rest = channel.machine.decoder.rest
        """What came and is no whole frame yet."""
        self._rest_bytes = 0
        """How much of that there was after the last read."""
        self._has_answers = False
        """Whether the relay will ask for the answers that find nothing to ride on."""

    # What the client hands in ---------------------------------------------------------------------

    def take(self, frame: f.Send, now: float) -> None:
        """Put each envelope into its mailbox, or refuse it; ``now`` is when it came."""
        envelopes, number, parcel = frame.envelopes, frame.first, self._parcel
        count, relay, refusals = len(envelopes), self._relay, self._refusals
        if parcel is None:
            parcel = Parcel(self, self._mailbox_id, self._user_key, now, number)
            self._parcel = parcel
        parcel.last += count
        if frame.ephemeral:
            self._pass_on(envelopes)
            return
        self._device.sent += count
        parcel.open += count
        find = relay.mailboxes.get
        is_post = count >= FEWEST_OF_A_ROOM and _is_for_many(envelopes)
        deliver_to = relay.dispatch.bulky.add if is_post else relay.dispatch.urgent.add
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

    def end_read(self, size_bytes: int) -> None:
        """All frames of a read of so many bytes have been handled: its parcel is complete.

        A frame that came in several reads counts as a whole.
        """
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

    def _offer(self, outgoing: f.Outgoing, parcel: Parcel, number: int) -> Reader | None:
        """Offer an envelope that no fast lane takes; return who is to get it, if connected."""
        to, envelope_id = outgoing.mailbox, outgoing.envelope_id
        code = self._try(outgoing, parcel, number)
        if code is not None:
            parcel.open -= 1
            self._refuse(to, envelope_id, number, number, code)
            return None
        self._refusals.remove(to, envelope_id)
        return self._relay.mailboxes[to].reader

    def _try(self, outgoing: f.Outgoing, parcel: Parcel, number: int) -> RefusedCode | None:
        """Offer it, unless nobody has this mailbox or a refused one has to come again before."""
        to, envelope_id, refusals = outgoing.mailbox, outgoing.envelope_id, self._refusals
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
        self._refusals.add(mailbox, envelope_id, rank)
        if self._refusals.count > MAX_REFUSED:
            self._channel.fault(FaultCode.LIMIT, "Too many envelopes have been refused")

    # What becomes of it (see parcel.Origin) -------------------------------------------------------

    def answered(self, parcel: Parcel) -> None:
        """All envelopes of a parcel are accepted or refused."""
        channel = self._channel
        if not channel.is_deaf:
            self._intake.settle(parcel.size_bytes)
            channel.machine.answer(parcel.first, parcel.last)
            if not self._has_answers:
                self._has_answers = True
                self._relay.dispatch.answers_due(self)

    def dropped(
        self, mailbox: MailboxId, envelope_id: EnvelopeId, number: int, rank: int, code: RefusedCode
    ) -> None:
        """An envelope that had been taken is not kept after all."""
        if not self._channel.is_deaf:
            self._refuse(mailbox, envelope_id, number, rank, code)

    def flush_answers(self) -> None:
        """Send the answers that found nothing to ride on."""
        self._has_answers = False
        machine = self._channel.machine
        if not machine.is_closed and (data := machine.take_answers()):
            self._channel.connection.write(data)

    def end(self) -> None:
        """The connection is gone, perhaps in the midst of a read."""
        self._parcel = None


def _is_for_many(envelopes: tuple[f.Outgoing, ...]) -> bool:
    return envelopes[0].mailbox != envelopes[-1].mailbox
