"""The inputs that every corpus begins with; ``python -m tests.fuzz.seeds`` writes what is missing.

What a fuzzer found lies beside them. A file is named after the SHA-256 of what it holds.
"""

import struct
from collections.abc import Iterator
from hashlib import sha256

from securechat.e2e import envelope
from securechat.e2e.amend_content import encode_amend_content
from securechat.e2e.content import (
    KIND_READ,
    KIND_RECEIPT,
    KIND_TEXT,
    MAX_RECEIPT_IDS,
    MAX_TEXT_BYTES,
    encode_content,
)
from securechat.e2e.plaintext import Plaintext
from securechat.identity.types import MAX_NUMBER, Digest, EnvelopeId, MailboxId, MessageId
from securechat.wire import frames as f
from securechat.wire.codec import MAX_FRAME_BYTES, MAX_GREETING_BYTES, encode
from tests.fuzz import signals
from tests.fuzz.targets import CORPORA
from tests.pure.e2e.vectors import (
    NONCE,
    SENDER,
    SESSION_ID,
    START,
    amend_contents,
    room_contents,
)
from tests.pure.wire.vectors import FRAMES

EDGES = (0, 1, MAX_NUMBER, MAX_NUMBER + 1, 2**64 - 1)

NO_FRAMES = (
    b"",
    b"\xc0",
    b"\x90",
    b"\x91\x0d",
    b"\x92\x1b\x01",
    b"\x92\x0d\xcf" + b"\x80" + bytes(7),
    b"\x92\x0d\xff",
    b"\x92\x0d\xcb" + bytes(8),
    b"\x92\x0d" + b"\x91" * 1500,
    b"\x93\x0d\x01" + b"\x91" * 1500,
    b"\x92\x0d" + b"\x81\xa1k" * 500,
    b"\xdd\xff\xff\xff\xff\x0d\x01",
    b"\x92\x10\xdd\xff\xff\xff\xff",
    b"\x93\x0d\x01\xc6\xff\xff\xff\xff",
    b"\x94\x08\x01\xdb\xff\xff\xff\xff\xc3",
    b"\x94\x08\x01\xa2\xff\xfe\xc3",
    b"\x94\x08\x01\xa3\xed\xa0\x80\xc3",
    b"\x92\x0d\xd6\xff" + bytes(4),
)
"""Bodies that are no frame, or frames of a later version: for bounds, depth, types and UTF-8."""


def stream() -> Iterator[bytes]:
    yield from map(encode, FRAMES)
    yield b"".join(encode(frame) for frame in FRAMES if len(encode(frame)) < 200)
    yield encode(f.Ping(1)) + encode(f.Pong(1))[:-1]
    yield encode(f.Ping(1)) + b"\0\0\0\1\xc0"
    for spare in (-1, 0, 1):
        yield encode(_send(MAX_GREETING_BYTES + spare))
    for size in (0, MAX_GREETING_BYTES + 1, MAX_FRAME_BYTES, MAX_FRAME_BYTES + 1, 2**32 - 1):
        yield size.to_bytes(4, "big") + encode(f.Ping(1))


def _send(body_size_bytes: int) -> f.Send:
    """Return a Send frame of which the body has this size."""
    rest = len(encode(_sized(300))) - 4 - 300
    return _sized(body_size_bytes - rest)


def _sized(size_bytes: int) -> f.Send:
    outgoing = f.Outgoing(MailboxId(bytes(16)), EnvelopeId(bytes(16)), bytes(size_bytes))
    return f.Send(1, 0, (outgoing,))


def body() -> Iterator[bytes]:
    yield from (encode(frame)[4:] for frame in FRAMES)
    yield from NO_FRAMES


def changed() -> Iterator[bytes]:
    for action in range(6):
        for place in (0, 1, 2, 3, 9):
            yield struct.pack(">BHB", action, place, 17 * place)


def head() -> Iterator[bytes]:
    for kind in (0, envelope.TYPE_START, envelope.TYPE_MESSAGE, 3, 255):
        yield envelope.Head(kind, SESSION_ID, NONCE, SENDER).encode() + b"ciphertext"
    message = envelope.Head(envelope.TYPE_MESSAGE, SESSION_ID, NONCE, SENDER).encode()
    yield from (b"", message, message[:-1], b"\0" + message[1:], b"\1\0" + message[2:])
    start = envelope.Head(envelope.TYPE_START, SESSION_ID, NONCE, SENDER).encode() + START.encode()
    yield from (start + b"ciphertext", start, start[:-1], start[:-5] + b"\xff" * 5)
    nameless = len(start) - len(START.registration.name.encode())
    yield start[: nameless - 1] + b"\0"
    yield start[: nameless - 1] + b"\xff" + b"n" * 255
    yield start[: nameless - 82] + b"\xff" * 8 + start[nameless - 74 :]


def wrapped() -> Iterator[bytes]:
    for olm_type in (0, 1, 2):
        yield bytes([olm_type]) + b"\0\x0aciphertext"
        yield bytes([olm_type]) + b"\0\x0aciphertext" + bytes(20)
        yield bytes([olm_type]) + b"\0\x09ciphertext"
        yield bytes([olm_type]) + b"\0\x0bciphertext"
        yield bytes([olm_type]) + b"\0\0"
    yield from (b"", b"\0\0")


def plaintext() -> Iterator[bytes]:
    kinds = (0, KIND_TEXT, KIND_RECEIPT, 3, KIND_READ, 5, 255)
    for kind in kinds:
        yield from (_plaintext(kind, each) for each in (b"", bytes(8), bytes(24), b"text\xff"))
    yield _plaintext(KIND_TEXT, b"t" * MAX_TEXT_BYTES)
    yield _plaintext(KIND_TEXT, b"t" * (MAX_TEXT_BYTES + 1))
    for count in (MAX_RECEIPT_IDS, MAX_RECEIPT_IDS + 1):
        yield _plaintext(KIND_RECEIPT, bytes(8 + 16 * count))
    yield _plaintext(KIND_RECEIPT, b"\xff" * 24)
    for number in EDGES[2:]:
        yield _plaintext(KIND_TEXT, b"counter", counter=number)
        yield _plaintext(KIND_TEXT, b"time", time_ms=number)
    padded = _plaintext(KIND_TEXT, b"padded")
    yield from (padded + bytes(9), padded + bytes(9) + b"\1", padded[:-1], padded[:99])
    for count in (0, MAX_RECEIPT_IDS, MAX_RECEIPT_IDS + 1):
        yield _plaintext(KIND_READ, bytes(16 * count))


def plaintext_of_rooms() -> Iterator[bytes]:
    yield from plaintext()
    yield from (_plaintext(*encode_content(content)) for content in room_contents())
    yield from (_plaintext(*encode_amend_content(each)) for each in amend_contents()[1::2])


def _plaintext(kind: int, body: bytes, *, counter: int = 7, time_ms: int = 1) -> bytes:
    hashes = Digest(b"\x11" * 32), Digest(b"\x22" * 32)
    return Plaintext(kind, counter, time_ms, MessageId(b"i" * 16), *hashes, body).encode()


def sealed() -> Iterator[bytes]:
    """Yield programs for `tests.fuzz.edits`, for each of three cases."""
    for case in range(3):
        choices = bytes([case, 0])
        for place in (0, 2, 3, 19, 43, 75, 91, 99, 1515):
            yield choices + struct.pack(">BHB", 0, place, 1 + place % 7)
        yield choices + struct.pack(">BHBBHB", 2, 300, 0, 3, 91, 200)
        yield choices + struct.pack(">BHBBHB", 5, 3, 19, 5, 75, 43)
        yield bytes([case, 1]) + struct.pack(">BHB", 4, 91, 255)


def any_bytes() -> Iterator[bytes]:
    for case in range(3):
        yield from (bytes([case]) + bytes(size) for size in (0, 48, 512, 2048))
        yield from (bytes([129 + case]) + program[2:] for program in [*sealed()][:12:2])


def middle() -> Iterator[bytes]:
    yield from [*sealed()][::2]
    for case in range(3):
        yield from (bytes([case, 1]) + each for each in [*wrapped()][::3])


def inner() -> Iterator[bytes]:
    fields = struct.Struct(">BBQQ")
    for wrong in (0, 1, 2, 4, 8, 16, 64, 96, 31):
        for kind in (KIND_TEXT, KIND_RECEIPT, KIND_READ):
            yield fields.pack(wrong, kind, 2**32, MAX_NUMBER) + bytes(24)
    for number in EDGES:
        yield fields.pack(1, KIND_TEXT, number, 0) + b"text"
    yield fields.pack(0, KIND_TEXT, 0, 0) + b"t" * MAX_TEXT_BYTES
    yield from (fields.pack(0, kind, 0, 0) + b"body" for kind in (0, 3, 4, 5, 255))
    yield from (fields.pack(128, 0, 0, 0) + each for each in [*plaintext()][::5])


def signal() -> Iterator[bytes]:
    for wrong in (0, 1, 2, 4, 8, 3, 15):
        yield from (signals.FIELDS.pack(wrong, 1, 0, MAX_NUMBER) + each for each in (b"\0\1", b""))
    yield signals.FIELDS.pack(0, 0, 1, 0) + b"\0\1"
    yield from (
        signals.FIELDS.pack(0, 0, 0, 0) + encode_amend_content(each)[1] for each in amend_contents()
    )
    yield from (signals.FIELDS.pack(128, 0, 0, 0) + bytes(size) for size in (0, 357, 358, 2000))
    yield from (signals.FIELDS.pack(128, 0, 0, 0) + each for each in [*plaintext()][::9])


def start() -> Iterator[bytes]:
    fields = struct.Struct(">BQQQB")
    for name in ("Mallory", "", "\x1b]0;x\7", "a" * 65, "аlice", "Ａlice", "\u202ecilA", "null\0"):
        encoded = name.encode()
        yield fields.pack(0, 1, 1, 1, len(encoded)) + encoded
    for number in EDGES:
        yield fields.pack(0, number, 1, 1, 1) + b"m"
        yield fields.pack(1, 1, number, 1, 1) + b"m"
        yield fields.pack(0, 1, 1, number, 1) + b"m"
    for changed in (2, 4, 8, 16, 28):
        for place in (0, 1, 2, 40, 100, 1424):
            yield fields.pack(changed, 1, 1, 1, 1) + b"m" + struct.pack(">BHB", 0, place, 5)


def plain() -> Iterator[bytes]:
    for how in range(3):
        yield bytes([how])
        yield from (bytes([how]) + each for each in [*plaintext()][::8])
        for place in (0, 1, 2, 10, 16, 17, 18, 34, 204):
            yield bytes([how]) + struct.pack(">BHB", 0, place, 1)


SEEDS = {
    "stream": stream,
    "body": body,
    "changed": changed,
    "head": head,
    "wrapped": wrapped,
    "plaintext": plaintext_of_rooms,
    "envelope": any_bytes,
    "resealed": sealed,
    "middle": middle,
    "inner": inner,
    "signal": signal,
    "start": start,
    "plain": plain,
}


def main() -> None:
    for name, seeds in SEEDS.items():
        directory = CORPORA / name
        directory.mkdir(parents=True, exist_ok=True)
        for seed in set(seeds()):
            (directory / sha256(seed).hexdigest()[:16]).write_bytes(seed)


if __name__ == "__main__":
    main()
