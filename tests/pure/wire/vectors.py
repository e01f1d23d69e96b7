"""One frame of each kind with fixed values, for this code and for a second implementation.

``python -m tests.pure.wire.vectors`` prints the vectors; ``tests/vectors/wire.json`` holds that
output and changes only together with PROTOCOL.md. For each frame there are its bytes on the wire
(``hex``, with the length in front) and its fields, bytes as hexadecimal. The signed objects in them
are those of ``tests/vectors/e2e.json``.
"""

import json
from typing import Any

import msgspec

from securechat.identity.chain import PublishedDevice, PublishedUser
from securechat.identity.types import DeviceId, EnvelopeId, MailboxId, RelayId
from securechat.wire import frames as f
from securechat.wire.codec import encode
from securechat.wire.codes import ByeCode, FailedCode, FaultCode, PairCode, RefusedCode
from tests.pure.identity.objects import make_person

ALICE = make_person("Alice", seed=1)
PUBLISHED = PublishedDevice(ALICE.certificate, ALICE.bundle, ALICE.one_time_key)

FRAMES: tuple[f.AnyFrame, ...] = (
    f.Hello((1,), ALICE.user_key, DeviceId(b"d" * 16), "securechat/0.1.0"),
    f.Challenge(1, RelayId(b"r" * 32), b"s" * 32, 1_700_000_000_000, True),
    f.Challenge(1, RelayId(b"r" * 32), b"s" * 32, 1_700_000_000_000, False, ALICE.device_list),
    f.Register(ALICE.registration, ALICE.device_list, (ALICE.certificate,)),
    f.Register(ALICE.registration, ALICE.device_list, (ALICE.certificate,), b"t" * 16),
    f.Login(ALICE.login, 1234),
    f.Welcome("Alice", 3, 50, 1234, 262_144, 7),
    f.Publish(1, ALICE.bundle, (ALICE.one_time_key,)),
    f.Publish(2, None, ()),
    f.Done(1),
    f.Lookup(3, "Grüße", True),
    f.Found(3, PublishedUser(ALICE.registration, ALICE.device_list, (PUBLISHED,))),
    f.Failed(3, FailedCode.UNKNOWN_NAME, "Nobody has this name here"),
    f.KeysLeft(19),
    f.Send(1, 0, (f.Outgoing(MailboxId(b"m" * 16), EnvelopeId(b"i" * 16), b"sealed"),)),
    f.Send(2, 300, (f.Outgoing(MailboxId(b"m" * 16), EnvelopeId(b"j" * 16), b"\0"),), True),
    f.Deliver(1, 2, (f.Incoming(EnvelopeId(b"k" * 16), b"sealed"),)),
    f.Ack(70_000),
    f.Accepted(2),
    f.Accepted(2, ((4, 4), (6, 2**63 - 1))),
    f.Refused(3, RefusedCode.MAILBOX_FULL),
    f.Watch(("Bob", "Carol")),
    f.Presence("Bob", True),
    f.Presence("Bob", True, True),
    f.Presence("Bob", False, False, 1_700_000_000_000),
    f.Who(4),
    f.People(4, ("Alice", "Bob"), 2),
    f.People(4, ("Alice", "Bob"), 2, ("Bob",)),
    f.Status(True, True, False),
    f.Lobby((("Alice", False), ("Bob", True)), (), True, False),
    f.Lobby((), ("Bob",), False, False),
    f.Lobby((), (), True, True),
    f.Ping(5),
    f.Pong(5),
    f.Bye(ByeCode.DRAINING, 2000),
    f.Fault(FaultCode.NAME_TAKEN, "The name Alice is taken on this relay"),
    f.PairOpen(6),
    f.PairOpened(6, 7, 600_000),
    f.PairJoin(7, "Bob", ALICE.user_key, b"p" * 33),
    f.PairKnock(7, "192.0.2.7", b"p" * 33),
    f.PairPass(7, b"q" * 32),
    f.PairEnd(7, PairCode.DONE, ALICE.user_key),
    f.PairEnd(7, PairCode.WRONG_CODE),
    f.InviteMake(8, b"h" * 32, 1, 604_800_000),
    f.InviteList(9),
    f.Invites(9, ((b"h" * 32, 1, 1_700_000_000_000),)),
    f.Invites(9, ()),
    f.InviteRevoke(10, b"h" * 32),
)


def build() -> list[dict[str, Any]]:
    """Return all vectors as JSON values."""
    return [describe(frame) for frame in FRAMES]


def describe(frame: f.AnyFrame) -> dict[str, Any]:
    kind = type(frame)
    return {
        "frame": kind.__name__,
        "tag": kind.__struct_config__.tag,
        "fields": readable(frame),
        "hex": encode(frame).hex(),
    }


def readable(value: Any) -> Any:
    """Return a value as JSON: structs as objects, bytes as hexadecimal."""
    match value:
        case msgspec.Struct():
            return {key: readable(each) for key, each in msgspec.structs.asdict(value).items()}
        case tuple():
            return [readable(each) for each in value]
        case bytes():
            return value.hex()
        case _:
            return value


def to_json(vectors: object) -> str:
    return json.dumps(vectors, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(to_json(build()), end="")
