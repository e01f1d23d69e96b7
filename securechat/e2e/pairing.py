"""Two people with one code: each gets the other's key, and both learn they are on one relay.

This is the cryptography only, in four messages of bytes: E2E.md, section 13.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, NamedTuple, Self

import msgspec

from securechat.crypto.hashing import hkdf_sha256, hmac_sha256
from securechat.crypto.pake import MESSAGE_SIZE_BYTES as PAKE_SIZE_BYTES
from securechat.crypto.pake import Pake
from securechat.crypto.sealing import AEAD_NONCE_SIZE_BYTES, open_aead, random_bytes, seal_aead
from securechat.errors import (
    CannotOpen,
    InvalidSignature,
    LocalProtocolError,
    NameInvalid,
    PairingFailed,
    RemoteProtocolError,
)
from securechat.identity.chain import Highest
from securechat.identity.device import DeviceCertificate, DeviceList
from securechat.identity.notation import L, digest, u64
from securechat.identity.registration import Registration
from securechat.identity.signed import require
from securechat.identity.types import SIZE_32, Name, RelayId, UserKey, fingerprint

_OPENER, _JOINER = b"opener", b"joiner"
_MAC_SIZE_BYTES = 32
_KEY_SIZE_BYTES = 32
_NONCE = bytes(AEAD_NONCE_SIZE_BYTES)
_TRY_NEXT = "ask for a new code (/code there, if none is shown); then: securechat join"

_Draw = Callable[[int], bytes]


class Introduction(msgspec.Struct, frozen=True, array_like=True):
    """Who somebody is, with one device, on the relay that they see themselves connected to.

    What `Opener` and `Joiner` return is verified; what comes from anywhere else is not.
    """

    relay_id: Annotated[RelayId, SIZE_32]
    registration: Registration
    device_list: DeviceList
    certificate: DeviceCertificate

    @property
    def user_key(self) -> UserKey:
        """The person's key."""
        return self.registration.user_key

    @property
    def name(self) -> Name:
        """What the person is called on the relay."""
        return self.registration.name

    @property
    def highest(self) -> Highest:
        """What to keep beside the pin: this list, and no bundle of the device seen yet."""
        unseen = {self.certificate.device_id: 0}
        return Highest(self.device_list.sequence, self.device_list.hash, unseen)


class AnotherRelay(PairingFailed):
    """Both have the code, but the other side's connection shows ``seen``, another relay id.

    The joiner still sends ``message3``, from which the opener learns the same; it is empty at the
    opener.
    """

    def __init__(self, own: RelayId, seen: RelayId, message3: bytes) -> None:
        super().__init__(
            f"The other side is on another relay ({fingerprint(seen)}) than this one"
            f" ({fingerprint(own)}): somebody is in between",
            "compare the relay's fingerprint on both screens; with a new code: securechat join",
            reason="another-relay",
        )
        self.seen = seen
        self.message3 = message3


class Opener:
    """The side that made the code: takes messages 1 and 3, returns messages 2 and 4.

    One object serves one slot of the relay, once: every call but the first is refused with
    `LocalProtocolError`, so nobody gets a second guess.
    """

    __slots__ = ("_own", "_pake", "_secrets", "_slot", "_view")

    def __init__(
        self, slot: int, password: bytes, own: Introduction, draw: _Draw = random_bytes
    ) -> None:
        self._slot, self._own, self._view = slot, own, msgspec.msgpack.encode(own)
        self._pake = _begin(slot, password, opener=True, draw=draw)
        self._secrets: _Secrets | None = None

    def answer(self, message1: bytes) -> bytes:
        """Return message 2, or raise `PairingFailed` (*invalid*): the joiner breaks the rules."""
        key = _finish(self._pake, message1)
        self._secrets = _Secrets.derive(key, self._slot, self._pake.message, message1)
        return self._pake.message + self._secrets.seal_view(_OPENER, self._view)

    def finish(self, message3: bytes) -> tuple[Introduction, bytes]:
        """Return the joiner, verified, and message 4.

        Raises `PairingFailed`: *wrong-code*, *invalid*, or `AnotherRelay`.
        """
        secrets, self._secrets = self._secrets, None
        if secrets is None:
            raise LocalProtocolError("An opener finishes once, after its answer.")
        sealed, mac = message3[:-_MAC_SIZE_BYTES], message3[-_MAC_SIZE_BYTES:]
        joiner_view = secrets.open_view(_JOINER, sealed)
        theirs = _decode(joiner_view)
        if theirs.relay_id != self._own.relay_id:
            raise AnotherRelay(self._own.relay_id, theirs.relay_id, b"")
        _verify(theirs, self._own)
        views = _Views(self._own.relay_id, self._view, joiner_view)
        if not hmac.compare_digest(mac, secrets.mac(_JOINER, views)):
            raise _invalid()
        return theirs, secrets.mac(_OPENER, views)

    def __repr__(self) -> str:
        return "Opener(secret)"


class Joiner:
    """The side that typed the code: begins with ``message``, message 1; then as `Opener`."""

    __slots__ = ("_expected", "_own", "_pake", "_slot", "_view", "message")

    def __init__(
        self, slot: int, password: bytes, own: Introduction, draw: _Draw = random_bytes
    ) -> None:
        self._slot, self._own, self._view = slot, own, msgspec.msgpack.encode(own)
        self._pake = _begin(slot, password, opener=False, draw=draw)
        self._expected: bytes | None = None
        self.message = self._pake.message

    def answer(self, message2: bytes) -> tuple[Introduction, bytes]:
        """Return the opener, verified, and message 3; nothing is to be kept before `confirm`.

        Raises `PairingFailed`: *wrong-code*, *invalid*, or `AnotherRelay`.
        """
        theirs_first, sealed = message2[:PAKE_SIZE_BYTES], message2[PAKE_SIZE_BYTES:]
        key = _finish(self._pake, theirs_first)
        secrets = _Secrets.derive(key, self._slot, theirs_first, self.message)
        opener_view = secrets.open_view(_OPENER, sealed)
        theirs = _decode(opener_view)
        views = _Views(self._own.relay_id, opener_view, self._view)
        message3 = secrets.seal_view(_JOINER, self._view) + secrets.mac(_JOINER, views)
        if theirs.relay_id != self._own.relay_id:
            raise AnotherRelay(self._own.relay_id, theirs.relay_id, message3)
        _verify(theirs, self._own)
        self._expected = secrets.mac(_OPENER, views)
        return theirs, message3

    def confirm(self, message4: bytes) -> None:
        """Check that the opener has accepted, or raise `PairingFailed` (*invalid*)."""
        expected, self._expected = self._expected, None
        if expected is None:
            raise LocalProtocolError("A joiner confirms once, after its answer.")
        if not hmac.compare_digest(message4, expected):
            raise _invalid()

    def __repr__(self) -> str:
        return "Joiner(secret)"


class _Views(NamedTuple):
    """What the last two messages confirm, as one side sees it."""

    relay_id: RelayId
    opener: bytes
    joiner: bytes


@dataclass(frozen=True, slots=True, repr=False)
class _Secrets:
    """What the agreed key gives: a key to seal the view and one to confirm, for each role."""

    transcript: bytes
    seal_keys: dict[bytes, bytes]
    confirm_keys: dict[bytes, bytes]

    @classmethod
    def derive(cls, key: bytes, slot: int, opener: bytes, joiner: bytes) -> Self:
        """Derive them from the key and the first message of each side."""
        transcript = digest("securechat/pairing/v1", u64(slot), opener, joiner)
        info = L("securechat/pairing-keys/v1", transcript)
        derived = hkdf_sha256(key, info, 4 * _KEY_SIZE_BYTES)
        keys = [derived[i : i + _KEY_SIZE_BYTES] for i in range(0, len(derived), _KEY_SIZE_BYTES)]
        return cls(
            transcript, {_OPENER: keys[0], _JOINER: keys[1]}, {_OPENER: keys[2], _JOINER: keys[3]}
        )

    def seal_view(self, role: bytes, view: bytes) -> bytes:
        """Encrypt the view of a role; its key does so once, which lets the nonce be fixed."""
        return seal_aead(view, self._associated(role), _NONCE, self.seal_keys[role])

    def open_view(self, role: bytes, sealed: bytes) -> bytes:
        """Undo `seal_view`, or raise `PairingFailed` (*wrong-code*)."""
        try:
            return open_aead(sealed, self._associated(role), _NONCE, self.seal_keys[role])
        except CannotOpen as error:
            raise PairingFailed(
                "The words do not match, or somebody is in between; the code is used up",
                _TRY_NEXT,
                reason="wrong-code",
            ) from error

    def mac(self, role: bytes, views: _Views) -> bytes:
        """Confirm both views, and the relay that the role sees."""
        seen = (
            digest("securechat/pairing-view-hash/v1", view) for view in (views.opener, views.joiner)
        )
        confirmed = (role, views.relay_id, self.transcript, *seen)
        return hmac_sha256(self.confirm_keys[role], L("securechat/pairing-confirm/v1", *confirmed))

    def _associated(self, role: bytes) -> bytes:
        return L("securechat/pairing-view/v1", role, self.transcript)


def _begin(slot: int, password: bytes, *, opener: bool, draw: _Draw) -> Pake:
    return Pake(
        opener=opener,
        password=password,
        opener_id=L("securechat/pairing-opener/v1", u64(slot)),
        joiner_id=L("securechat/pairing-joiner/v1", u64(slot)),
        draw=draw,
    )


def _finish(pake: Pake, theirs: bytes) -> bytes:
    try:
        return pake.finish(theirs)
    except RemoteProtocolError as error:
        raise _invalid() from error


def _decode(view: bytes) -> Introduction:
    try:
        return msgspec.msgpack.decode(view, type=Introduction)
    except msgspec.MsgspecError as error:
        raise _invalid() from error


def _verify(theirs: Introduction, own: Introduction) -> None:
    try:
        theirs.registration.verify(own.relay_id)
        theirs.device_list.verify(theirs.user_key)
        theirs.certificate.verify(theirs.user_key)
        is_listed = theirs.certificate.hash in theirs.device_list.certificate_hashes
        require(is_listed, "A device is not in its list.")
        require(theirs.user_key != own.user_key, "A key comes back as somebody else's.")
    except (InvalidSignature, NameInvalid, RemoteProtocolError) as error:
        raise _invalid() from error


def _invalid() -> PairingFailed:
    return PairingFailed(
        "What the other side sent in the pairing is not valid; the code is used up",
        _TRY_NEXT,
        reason="invalid",
    )
