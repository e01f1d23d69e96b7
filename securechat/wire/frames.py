"""The typed frames of the wire protocol, version 1; PROTOCOL.md in this folder is normative.

A frame is a msgpack array: its tag, then the fields in the order written here. Tags and the order
of fields are frozen; a later version may append fields, which an older side ignores.
"""

from typing import Annotated

import msgspec

from securechat.identity.chain import PublishedUser
from securechat.identity.device import MAX_DEVICES, DeviceCertificate, DeviceList
from securechat.identity.login import LoginProof
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.registration import Registration
from securechat.identity.types import (
    SIZE_16,
    SIZE_32,
    DeviceId,
    EnvelopeId,
    MailboxId,
    Number,
    RelayId,
    UserKey,
)
from securechat.wire.fields import (
    Code,
    InviteToken,
    NameText,
    Nonce,
    PairPayload,
    Sealed,
    Slot,
    Text,
)

PROTOCOL_VERSION = 1

MAX_NAMES = 256
MAX_PEOPLE = 1000
MAX_LOBBY = 256
MAX_ENVELOPES = 256
MAX_ONE_TIME_KEYS = 100
MAX_RANGES = 4096
MAX_INVITES = 100
MAX_INVITE_USES = 1000


class Frame(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Base of every frame."""


# Greeting and login -------------------------------------------------------------------------------


class Hello(Frame, tag=1, frozen=True):
    """Client: who wants to log in, and the protocol versions it speaks (1 to 8 of them)."""

    versions: Annotated[tuple[Number, ...], msgspec.Meta(min_length=1, max_length=8)]
    user_key: Annotated[UserKey, SIZE_32]
    device_id: Annotated[DeviceId, SIZE_16]
    agent: Annotated[str, msgspec.Meta(max_length=64)]


class Challenge(Frame, tag=2, frozen=True):
    """Relay: the version chosen, who it is, a nonce to sign, and whether it knows this device.

    If it knows only the person, ``device_list`` is the newest list that it has of them.
    """

    version: Number
    relay_id: Annotated[RelayId, SIZE_32]
    nonce: Nonce
    time_ms: Number
    registered: bool
    device_list: DeviceList | None = None


class Register(Frame, tag=3, frozen=True):
    """Client: take this name for this key, with these devices (their certificates, the list)."""

    registration: Registration
    device_list: DeviceList
    certificates: Annotated[
        tuple[DeviceCertificate, ...], msgspec.Meta(min_length=1, max_length=MAX_DEVICES)
    ]
    invite: InviteToken | None = None


class Login(Frame, tag=4, frozen=True):
    """Client: the device's signature over this connection and the relay's nonce.

    ``sent`` counts the envelopes and publications that it has ever handed to this relay.
    """

    proof: LoginProof
    sent: Number = 0


class Welcome(Frame, tag=5, frozen=True):
    """Relay: logged in. What it last saw of this device, so that an old state is noticed."""

    name: NameText
    bundle_epoch: Number
    one_time_keys: Number
    sent: Number
    max_frame_bytes: Number
    waiting: Number


# The directory ------------------------------------------------------------------------------------


class Publish(Frame, tag=6, frozen=True):
    """Client: a new prekey bundle, more one-time keys, or both. Answered by Done."""

    request: Number
    bundle: PrekeyBundle | None
    one_time_keys: Annotated[tuple[OneTimeKey, ...], msgspec.Meta(max_length=MAX_ONE_TIME_KEYS)]


class Done(Frame, tag=7, frozen=True):
    """Relay: the request has been carried out."""

    request: Number


class Lookup(Frame, tag=8, frozen=True):
    """Client: who has this name? Case does not count. Answered by Found or Failed.

    With ``claim`` each device comes with a one-time key, unless they ran out.
    """

    request: Number
    name: NameText
    claim: bool


class Found(Frame, tag=9, frozen=True):
    """Relay: the holder of a name, with the devices that have left prekeys (one at least)."""

    request: Number
    user: PublishedUser


class Failed(Frame, tag=10, frozen=True):
    """Relay: the request has not been carried out; ``code`` is one of PROTOCOL.md's."""

    request: Number
    code: Code
    message: Text


class KeysLeft(Frame, tag=24, frozen=True):
    """Relay: somebody has claimed a one-time key of this device, and so many are left."""

    one_time_keys: Number


# Envelopes ----------------------------------------------------------------------------------------


class Outgoing(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One sealed envelope for one mailbox; the sender chooses the id."""

    mailbox: Annotated[MailboxId, SIZE_16]
    envelope_id: Annotated[EnvelopeId, SIZE_16]
    envelope: Sealed


class Incoming(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One sealed envelope out of the client's own mailbox."""

    envelope_id: Annotated[EnvelopeId, SIZE_16]
    envelope: Sealed


class Send(Frame, tag=11, frozen=True):
    """Client: envelopes numbered ``first``, ``first`` + 1, … on this connection; see Ack too."""

    first: Number
    ack: Number
    envelopes: Annotated[tuple[Outgoing, ...], msgspec.Meta(min_length=1, max_length=MAX_ENVELOPES)]
    ephemeral: bool = False


class Deliver(Frame, tag=12, frozen=True):
    """Relay: envelopes numbered ``first``, … on this connection; see Accepted too."""

    first: Number
    accepted: Number
    envelopes: Annotated[tuple[Incoming, ...], msgspec.Meta(min_length=1, max_length=MAX_ENVELOPES)]


class Ack(Frame, tag=13, frozen=True):
    """Client: every delivery numbered up to ``ack`` has been durably disposed of."""

    ack: Number


class Accepted(Frame, tag=14, frozen=True):
    """Relay: every envelope up to ``accepted`` is answered for, and those in ``also`` are too.

    ``also`` holds inclusive ranges above ``accepted``; each is told once. An envelope is accepted
    unless a Refused that came earlier on the connection named it.
    """

    accepted: Number
    also: Annotated[tuple[tuple[Number, Number], ...], msgspec.Meta(max_length=MAX_RANGES)] = ()


class Refused(Frame, tag=15, frozen=True):
    """Relay: the envelope of this number has not been taken; ``code`` says why."""

    number: Number
    code: Code


# Presence -----------------------------------------------------------------------------------------


class Watch(Frame, tag=16, frozen=True):
    """Client: tell me when these names come and go; replaces the earlier list."""

    names: Annotated[tuple[NameText, ...], msgspec.Meta(max_length=MAX_NAMES)]


class Presence(Frame, tag=17, frozen=True):
    """Relay: a watched name is, or is not, connected; when it was last, if this run saw it go."""

    name: NameText
    online: bool
    away: bool = False
    last_seen_ms: Number | None = None


class Who(Frame, tag=18, frozen=True):
    """Client: which names are connected? Answered by People."""

    request: Number


class People(Frame, tag=19, frozen=True):
    """Relay: the names that are connected, sorted, the first 1,000 of them; and how many are.

    ``away`` has those of ``names`` who are away.
    """

    request: Number
    names: Annotated[tuple[NameText, ...], msgspec.Meta(max_length=MAX_PEOPLE)]
    total: Number
    away: Annotated[tuple[NameText, ...], msgspec.Meta(max_length=MAX_PEOPLE)] = ()


class Status(Frame, tag=25, frozen=True):
    """Client: how this connection is to be seen from now on; all of it each time.

    A connection begins visible, outside the lobby and not away. ``lobby`` implies ``visible``.
    """

    visible: bool
    lobby: bool
    away: bool


class Lobby(Frame, tag=26, frozen=True):
    """Relay: who has come to the lobby, each with whether they are away, and who has left it.

    With ``begins`` the list starts anew: what was known before is forgotten. With ``full`` this
    device is not in the lobby, which has as many people as it takes. Somebody known who comes
    again has become away, or is back.
    """

    here: Annotated[tuple[tuple[NameText, bool], ...], msgspec.Meta(max_length=MAX_LOBBY)]
    gone: Annotated[tuple[NameText, ...], msgspec.Meta(max_length=MAX_LOBBY)]
    begins: bool
    full: bool


# The connection itself ----------------------------------------------------------------------------


class Ping(Frame, tag=20, frozen=True):
    """Either side: are you there? The nonce is the sender's."""

    nonce: Number


class Pong(Frame, tag=21, frozen=True):
    """Either side: the answer, with the same nonce."""

    nonce: Number


class Bye(Frame, tag=22, frozen=True):
    """Either side: I am closing. A relay says when to come back; 0 means at once, with jitter."""

    code: Code
    retry_after_ms: Number = 0


class Fault(Frame, tag=23, frozen=True):
    """Relay: an error of the connection itself, after which it closes."""

    code: Code
    message: Text


# Pairing and invites ------------------------------------------------------------------------------


class PairOpen(Frame, tag=27, frozen=True):
    """Client: give me a slot, for a code that I make. Answered by PairOpened or Failed."""

    request: Number


class PairOpened(Frame, tag=28, frozen=True):
    """Relay: the slot that is this device's now, and for how long nobody may have joined it."""

    request: Number
    slot: Slot
    lifetime_ms: Number


class PairJoin(Frame, tag=29, frozen=True):
    """Client, instead of a Hello: message 1 of a pairing, and the name and key to register."""

    slot: Slot
    name: NameText
    user_key: Annotated[UserKey, SIZE_32]
    payload: PairPayload


class PairKnock(Frame, tag=30, frozen=True):
    """Relay: somebody at this address (its word alone) has joined the slot, with this message."""

    slot: Slot
    address: Text
    payload: PairPayload


class PairPass(Frame, tag=31, frozen=True):
    """Either side: the next message of the pairing, for or from the other end of the slot."""

    slot: Slot
    payload: PairPayload


class PairEnd(Frame, tag=32, frozen=True):
    """Either side: the slot is over; with ``done`` the opener admits the key it paired with."""

    slot: Slot
    code: Code
    admit: Annotated[UserKey, SIZE_32] | None = None


class InviteMake(Frame, tag=33, frozen=True):
    """Client: new keys may register with the token of this hash. Answered by Done or Failed."""

    request: Number
    token_hash: Nonce
    uses: Annotated[int, msgspec.Meta(ge=1, le=MAX_INVITE_USES)]
    lifetime_ms: Number


class InviteList(Frame, tag=34, frozen=True):
    """Client: which invites of this person are there? Answered by Invites."""

    request: Number


class Invites(Frame, tag=35, frozen=True):
    """Relay: each invite by its hash, with the uses left and when it ends (ms since 1970)."""

    request: Number
    invites: Annotated[
        tuple[tuple[Nonce, Number, Number], ...], msgspec.Meta(max_length=MAX_INVITES)
    ]


class InviteRevoke(Frame, tag=36, frozen=True):
    """Client: take this invite back. Answered by Done or Failed."""

    request: Number
    token_hash: Nonce


ClientFrame = (
    Hello | Register | Login | Publish | Lookup | Send | Ack | Watch | Who | Status
    | Ping | Pong | Bye | PairOpen | PairJoin | PairPass | PairEnd
    | InviteMake | InviteList | InviteRevoke
)  # fmt: skip
RelayFrame = (
    Challenge | Welcome | Done | Found | Failed | Deliver | Accepted | Refused
    | Presence | People | Lobby | KeysLeft | Ping | Pong | Bye | Fault
    | PairOpened | PairKnock | PairPass | PairEnd | Invites
)  # fmt: skip
AnyFrame = ClientFrame | RelayFrame
