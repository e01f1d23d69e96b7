"""A stranger's first message: right in all that he can compute, wrong in what he chooses."""

import struct
from functools import cache
from typing import NamedTuple

from securechat.crypto.hybrid import seal_hybrid
from securechat.crypto.ratchet import RatchetAccount
from securechat.crypto.signing import SigningKey
from securechat.e2e import envelope
from securechat.e2e.content import KIND_TEXT
from securechat.e2e.order import FIRST_PREVIOUS_HASH
from securechat.e2e.plaintext import Plaintext, context_hash, direct_conversation_id
from securechat.e2e.results import Invalid, Opened, Outcome
from securechat.e2e.session import derive_keys, session_info
from securechat.identity.device import DeviceCertificate
from securechat.identity.names import parse_name
from securechat.identity.registration import Registration
from securechat.identity.types import (
    MAX_NUMBER,
    DeviceAddress,
    DeviceId,
    MessageId,
    Name,
    OlmIdentityKey,
    SigningPublicKey,
    UserKey,
)
from tests.fuzz.crafting import seal, wrap
from tests.fuzz.edits import edit
from tests.fuzz.victims import Victim
from tests.pure.e2e.hostile import make_message_case
from tests.pure.e2e.world import NOW_MS, RELAY, Seat

_FIELDS = struct.Struct(">BQQQB")
_SECRET = bytes(32)

_OTHER_EPOCH, _OTHER_OLM_KEY, _CHANGED_CIPHERTEXT, _CHANGED_START, _CHANGED_MIDDLE = 1, 2, 4, 8, 16


class Choices(NamedTuple):
    """What the data choose; ``changed`` says what, and which layers ``program`` is applied to."""

    changed: int
    created_ms: int
    sequence: int
    time_ms: int
    name: str
    program: bytes

    @classmethod
    def decode(cls, data: bytes) -> "Choices":
        """Read the changes, three numbers, the length of a name, the name, the program."""
        *numbers, name_size = _FIELDS.unpack_from(data)
        end = _FIELDS.size + name_size
        return cls(*numbers, data[_FIELDS.size : end].decode(errors="ignore"), data[end:])

    def change(self, layer: int, genuine: bytes) -> bytes:
        return edit(genuine, self.program) if self.changed & layer else genuine


class Mallory:
    """A person with proper keys, a stranger to the victim."""

    def __init__(self) -> None:
        self.key = SigningKey.generate()
        self.signing_key = SigningKey.generate()
        self.account = RatchetAccount.generate()
        self.address = DeviceAddress(UserKey(self.key.public), DeviceId(b"m" * 16))

    def certify(self, choices: Choices) -> DeviceCertificate:
        olm_key = self.account.identity_key
        if choices.changed & _OTHER_OLM_KEY:
            olm_key = choices.program[:32].ljust(32, b"\0")
        return DeviceCertificate.sign(
            self.key,
            device_id=self.address.device_id,
            signing_key=SigningPublicKey(self.signing_key.public),
            olm_key=OlmIdentityKey(olm_key),
            created_ms=choices.created_ms,
            sequence=choices.sequence,
        )

    def register(self, choices: Choices) -> Registration:
        return Registration.sign(
            self.key, relay_id=RELAY, name=Name(choices.name), time_ms=choices.time_ms
        )

    def write(self, recipient: Seat) -> tuple[int, bytes]:
        """Return an honest Olm message to somebody, the first of a ratchet."""
        assert recipient.bundle is not None
        conversation = direct_conversation_id(self.address.user_key, recipient.address.user_key)
        plaintext = Plaintext(
            kind=KIND_TEXT,
            counter=0,
            time_ms=NOW_MS,
            message_id=MessageId(bytes(16)),
            previous_hash=FIRST_PREVIOUS_HASH,
            context_hash=context_hash(conversation, self.address, recipient.address),
            body=b"hello",
        )
        ratchet = self.account.start_session(
            recipient.endpoint.certificate.olm_key, recipient.bundle.fallback_key
        )
        return ratchet.encrypt(plaintext.encode())


@cache
def victim() -> Victim:
    return Victim(make_message_case)


def start(data: bytes) -> None:
    """What opens was signed by the sender, with a proper name and numbers in range."""
    if len(data) < _FIELDS.size:
        return
    choices, mallory, recipient = Choices.decode(data), Mallory(), victim().seat
    outcome, _ = victim().meet(seal_start(mallory, recipient, choices))
    if outcome is not None:
        check_introduction(outcome, mallory)
    victim().check_now_and_then()


def check_introduction(outcome: Outcome, mallory: Mallory) -> None:
    assert isinstance(outcome, Opened | Invalid), outcome
    assert outcome.sender == mallory.address
    assert outcome.introduction is not None
    registration, certificate = outcome.introduction.registration, outcome.introduction.certificate
    assert parse_name(registration.name) == registration.name
    assert max(registration.time_ms, certificate.created_ms, certificate.sequence) <= MAX_NUMBER


def seal_start(mallory: Mallory, recipient: Seat, choices: Choices) -> bytes:
    """Return Mallory's envelope, with a session secret that fits whatever she has chosen."""
    assert recipient.bundle is not None
    epoch = choices.sequence if choices.changed & _OTHER_EPOCH else recipient.bundle.epoch
    session_id = bytes(16)
    info = session_info(mallory.address, recipient.address, session_id, epoch)
    encoded = envelope.Start(
        epoch,
        seal_hybrid(_SECRET, recipient.bundle.hybrid_key, info),
        mallory.certify(choices),
        mallory.register(choices),
    ).encode()
    olm_type, ciphertext = mallory.write(recipient)
    wrapped = wrap(olm_type, choices.change(_CHANGED_CIPHERTEXT, ciphertext))
    head = envelope.Head(envelope.TYPE_START, session_id, b"", mallory.address)
    key, _ = derive_keys(_SECRET, info)
    return seal(
        head,
        recipient,
        choices.change(_CHANGED_START, encoded),
        choices.change(_CHANGED_MIDDLE, wrapped),
        key,
    )
