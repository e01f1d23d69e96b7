"""Our published vectors once more, by E2E.md and nothing of our own code.

``tests/pure/e2e/test_vectors.py`` says that the code gives the vectors; this says that the vectors
are what the text says. So a change of code, vectors or text alone fails here or there. Fields are
taken from the vectors, results are computed with `hashlib`, `hmac`, `struct`, OpenSSL's Ed25519
and the ciphers of `reference`.
"""

import hashlib
import hmac
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tests.pure.crypto.reference import hkdf_sha256, seal_xchacha, spake2
from tests.pure.crypto.test_vectors_wire import read

PATH = Path(__file__).parents[2] / "vectors" / "e2e.json"
VECTORS: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
MESSAGE, SESSION = VECTORS["message"], VECTORS["session"]

_DEVICE = ("user_key", "device_id")
_BUNDLE_KEYS = ("envelope_key", "hybrid_key", "fallback_key")
_NONCES = ("server_nonce", "client_nonce")

SIGNED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "Registration": ("registration", "user", ("relay_id", "name", "user_key", "time_ms")),
    "DeviceCertificate": (
        "device-certificate",
        "user",
        (*_DEVICE, "signing_key", "olm_key", "created_ms", "sequence"),
    ),
    "DeviceList": (
        "device-list",
        "user",
        ("user_key", "sequence", "previous_hash", "certificate_hashes"),
    ),
    "PrekeyBundle": (
        "prekey-bundle",
        "signing",
        (*_DEVICE, "epoch", "suites", *_BUNDLE_KEYS, "not_before_ms", "not_after_ms"),
    ),
    "OneTimeKey": ("one-time-key", "signing", (*_DEVICE, "bundle_epoch", "key")),
    "LoginProof": (
        "login",
        "signing",
        ("relay_id", "certificate_hash", *_NONCES, *_DEVICE, "protocol_version"),
    ),
}
"""Class of each signed object: its label, whose key signs, its parts as E2E.md §2 orders them."""


def unhex(value: str) -> bytes:
    return bytes.fromhex(value)


def u64(number: int) -> bytes:
    return struct.pack(">Q", number)


def join(label: str, *parts: bytes) -> bytes:
    """Return ``L`` of E2E.md §1."""
    return b"".join(struct.pack(">I", len(each)) + each for each in (label.encode(), *parts))


def hashed(label: str, *parts: bytes) -> str:
    """Return ``H`` of E2E.md §1, in hexadecimal."""
    person = b"securechat/v1"
    return hashlib.blake2b(join(label, *parts), digest_size=32, person=person).hexdigest()


def parts_of(entry: dict[str, Any]) -> list[bytes]:
    """Return the parts of a signed object from its fields."""
    parts: list[bytes] = []
    for name in SIGNED[entry["object"]][2]:
        match entry["fields"][name]:
            case int(number):
                parts.append(u64(number))
            case list(hashes):
                parts += map(unhex, hashes)
            case str(text):
                parts.append(text.encode() if name == "name" else unhex(text))
    return parts


def fields_of(object_name: str) -> dict[str, Any]:
    """Return the fields of a signed object."""
    fields: dict[str, Any] = next(
        each["fields"] for each in VECTORS["signed"] if each["object"] == object_name
    )
    return fields


def addresses() -> tuple[list[bytes], list[bytes]]:
    """Return (user key, device id) of the sender and of the recipient."""
    return [unhex(each) for each in SESSION["starter"]], [unhex(e) for e in SESSION["recipient"]]


def test_notation() -> None:
    for each in VECTORS["notation"]:
        parts = [unhex(part) for part in each["parts"]]
        assert each["bytes"] == join(each["label"], *parts).hex()
        assert each["digest"] == hashed(each["label"], *parts)


def test_every_signed_object_of_the_text_is_there() -> None:
    assert {each["object"] for each in VECTORS["signed"]} == SIGNED.keys()


@pytest.mark.parametrize("entry", VECTORS["signed"], ids=lambda entry: str(entry["object"]))
def test_signed_objects(entry: dict[str, Any]) -> None:
    label, signer, names = SIGNED[entry["object"]]
    assert entry["label"] == f"securechat/{label}/v1"
    assert entry["fields"].keys() == {"signature", *names}
    parts = parts_of(entry)
    assert [unhex(part) for part in entry["parts"]] == parts
    assert entry["signed_bytes"] == join(entry["label"], *parts).hex()
    key = Ed25519PrivateKey.from_private_bytes(unhex(VECTORS["seeds"][f"alice_{signer}_key"]))
    assert entry["fields"]["signature"] == key.sign(unhex(entry["signed_bytes"])).hex()


def test_public_keys_come_from_the_seeds() -> None:
    fields = {each["object"]: each["fields"] for each in VECTORS["signed"]}
    public = {
        name: Ed25519PrivateKey.from_private_bytes(unhex(seed)).public_key().public_bytes_raw()
        for name, seed in VECTORS["seeds"].items()
    }
    assert fields["DeviceCertificate"]["user_key"] == public["alice_user_key"].hex()
    assert fields["DeviceCertificate"]["signing_key"] == public["alice_signing_key"].hex()
    assert SESSION["recipient"][0] == public["bob_user_key"].hex()


def test_hashes_of_certificate_and_list() -> None:
    parts = {each["object"]: parts_of(each) for each in VECTORS["signed"]}
    certificate = hashed("securechat/device-certificate-hash/v1", *parts["DeviceCertificate"])
    assert VECTORS["hashes"]["device_certificate"] == certificate
    device_list = hashed("securechat/device-list-hash/v1", *parts["DeviceList"])
    assert VECTORS["hashes"]["device_list"] == device_list


def test_mailbox() -> None:
    mailbox = VECTORS["mailbox"]
    address = unhex(mailbox["user_key"]), unhex(mailbox["device_id"])
    assert mailbox["mailbox"] == hashed("securechat/mailbox/v1", *address)[:32]


def test_safety_number() -> None:
    halves = []
    for key in map(unhex, VECTORS["safety_number"]["user_keys"]):
        state = join("securechat/safety-number/v1", key)
        for _ in range(5200):
            state = hashlib.sha512(state + key).digest()
        groups = (int.from_bytes(state[i : i + 5], "big") % 100_000 for i in range(0, 30, 5))
        halves.append(" ".join(f"{group:05}" for group in groups))
    assert VECTORS["safety_number"]["number"] == " ".join(sorted(halves))


def session_keys() -> bytes:
    """Return both keys of the session, from the starter first."""
    secret, info = unhex(SESSION["secret"]), unhex(SESSION["info"])
    return hkdf_sha256(bytes(32), secret, info, 64)


def test_session_keys() -> None:
    starter, recipient = addresses()
    parts = *starter, *recipient, unhex(SESSION["session_id"]), u64(SESSION["bundle_epoch"])
    assert SESSION["info"] == join("securechat/session/v1", *parts).hex()
    assert SESSION["key_from_starter"] + SESSION["key_to_starter"] == session_keys().hex()


def post_body(text: str, action: bool, reply_to: str | None, room: list[Any] | None) -> str:
    flags = (room is not None) + 2 * (reply_to is not None) + 4 * action
    place = room[0] + u64(room[1]).hex() if room else ""
    return bytes([flags]).hex() + place + (reply_to or "") + text.encode().hex()


def beginning(room: list[Any] | None) -> str:
    """Return flags and place of the contents of E2E.md §16 and §17."""
    return "01" + room[0] + u64(room[1]).hex() if room else "00"


def test_contents() -> None:
    for each in VECTORS["content"]:
        match each:
            case {"kind": 1, "text": text}:
                assert each["body"] == text.encode().hex()
            case {"kind": 2, "envelope_epoch": epoch, "message_ids": ids}:
                assert each["body"] == u64(epoch).hex() + "".join(ids)
            case {"kind": 3, "next_counter": counter, "gaps": gaps}:
                numbers = [counter, *(number for gap in gaps for number in gap)]
                assert each["body"] == b"".join(map(u64, numbers)).hex()
            case {"kind": 4, "message_ids": ids}:
                assert each["body"] == "".join(ids)
            case {"kind": 5, "fields": post}:
                assert each["body"] == post_body(**post)
            case {"kind": 6, "fields": {"entry": entry}}:
                assert read(iter(unhex(each["body"]))) == entry
            case {"kind": 7, "fields": {"room_id": room, "version": version, "head": head}}:
                assert each["body"] == room + u64(version).hex() + head
            case {"kind": 8, "fields": {"place": [room, version], "joined": joined}}:
                assert each["body"] == room + u64(version).hex() + ("01" if joined else "02")
            case {"kind": 10, "fields": {"message_id": changed, "text": text, "room": room}}:
                assert each["body"] == beginning(room) + changed + text.encode().hex()
            case {"kind": 11, "fields": {"message_id": to, "symbol": symbol, "room": room}}:
                assert each["body"] == beginning(room) + to + symbol.encode().hex()
            case {"kind": 12, "fields": {"active": active, "room": room}}:
                assert each["body"] == beginning(room) + ("01" if active else "00")
            case _:
                pytest.fail(f"nothing here checks the content {each}")


def roster_parts(fields: list[Any]) -> list[bytes]:
    """Return the parts of a roster entry (E2E.md §11) from its fields."""
    _, relay_id, room_id, version, before, creator, salt, name, topic, members, actor, time = fields
    each_member = (
        part
        for key, admin, called in members
        for part in (unhex(key), bytes([admin]), called.encode())
    )
    _, *certificate, created_ms, sequence = actor
    parts = *map(unhex, certificate), u64(created_ms), u64(sequence)
    return [
        unhex(relay_id),
        unhex(room_id),
        u64(version),
        join("securechat/roster-previous/v1", *map(unhex, before)),
        unhex(creator),
        unhex(salt),
        name.encode(),
        topic.encode(),
        join("securechat/roster-members/v1", *each_member),
        unhex(hashed("securechat/device-certificate-hash/v1", *parts)),
        u64(time),
    ]


def test_rosters() -> None:
    for entry in VECTORS["room"]["entries"]:
        fields = entry["fields"]
        assert read(iter(unhex(entry["encoded"]))) == fields
        parts = roster_parts(fields)
        assert [part.hex() for part in parts] == entry["parts"]
        assert hashed("securechat/roster-entry-hash/v1", *parts) == entry["hash"]
        signed = join("securechat/roster-entry/v1", *parts)
        assert signed.hex() == entry["signed_bytes"]
        signing_key = Ed25519PublicKey.from_public_bytes(unhex(fields[10][3]))
        signing_key.verify(unhex(fields[0]), signed)


def test_rooms() -> None:
    room = VECTORS["room"]
    first, second = (entry["fields"] for entry in room["entries"])
    assert second[4] == [room["entries"][0]["hash"]]
    made = hashed("securechat/room/v1", *map(unhex, (first[1], first[5], first[6])))
    assert made == room["room_id"] == first[2]
    assert hashed("securechat/lobby/v1", unhex(first[1])) == room["lobby_id"]
    sender, recipient = addresses()
    both = *sender, *recipient
    head = unhex(room["entries"][1]["hash"])
    context = hashed("securechat/context/v1", unhex(room["room_id"]), *both, head)
    assert context == room["context_hash"]
    in_lobby = hashed("securechat/context/v1", unhex(room["lobby_id"]), *both, b"")
    assert in_lobby == room["lobby_context_hash"]


def test_conversation_and_context() -> None:
    sender, recipient = addresses()
    keys = sorted((sender[0], recipient[0]))
    conversation = hashed("securechat/direct-conversation/v1", *keys)
    assert MESSAGE["conversation_id"] == conversation
    context = hashed("securechat/context/v1", unhex(conversation), *sender, *recipient, b"")
    assert MESSAGE["context_hash"] == context


def test_plaintext_and_the_hash_that_the_next_message_names() -> None:
    fields = MESSAGE["plaintext_fields"]
    assert fields["context_hash"] == MESSAGE["context_hash"]
    plaintext = bytes([1, fields["kind"]]) + u64(fields["counter"]) + u64(fields["time_ms"])
    for name in ("message_id", "previous_hash", "context_hash"):
        plaintext += unhex(fields[name])
    body = unhex(fields["body"])
    plaintext += struct.pack(">H", len(body)) + body
    assert MESSAGE["plaintext"] == plaintext.hex()
    assert MESSAGE["plaintext_hash"] == hashed("securechat/previous-message/v1", plaintext)


def padded_size(envelope_size: int, start_size: int, overhead: int) -> int:
    """Return the formula of E2E.md §4."""
    room = envelope_size - 48 - 91 - start_size - 16 - 3
    return (room - overhead) // 16 * 16 - 1


def test_padding() -> None:
    sizes = {str(512 << i): padded_size(512 << i, 0, 50) for i in range(6)}
    assert MESSAGE["padded_plaintext_sizes"] == sizes
    start_size = len(unhex(MESSAGE["start"]))
    assert MESSAGE["padded_start_plaintext_size"] == padded_size(2048, start_size, 156)
    assert sizes["512"] - 100 == 203, "bytes of body in the smallest envelope, as E2E.md says"


def test_head_and_start() -> None:
    sender, _ = addresses()
    head = b"\1\1\1" + unhex(SESSION["session_id"]) + unhex(MESSAGE["nonce"]) + b"".join(sender)
    assert MESSAGE["head"] == head.hex()
    assert len(head) == 91
    fields = {each["object"]: each["fields"] for each in VECTORS["signed"]}
    certificate, registration = fields["DeviceCertificate"], fields["Registration"]
    name = registration["name"].encode()
    start = u64(SESSION["bundle_epoch"]) + unhex(MESSAGE["blob"])
    start += unhex(certificate["signing_key"] + certificate["olm_key"])
    start += u64(certificate["created_ms"]) + u64(certificate["sequence"])
    start += unhex(certificate["signature"]) + unhex(registration["relay_id"])
    start += u64(registration["time_ms"]) + unhex(registration["signature"])
    assert MESSAGE["start"] == (start + bytes([len(name)]) + name).hex()


@pytest.mark.parametrize(("kind", "name"), [(1, "start"), (2, "message")])
def test_associated_data(kind: int, name: str) -> None:
    sender, recipient = addresses()
    start = unhex(MESSAGE["start"]) if name == "start" else b""
    associated = join(
        "securechat/envelope/v1",
        *(b"\1", b"\1", bytes([kind]), *sender, *recipient, unhex(SESSION["session_id"])),
        unhex(hashed("securechat/start/v1", start)),
    )
    assert MESSAGE[f"associated_data_{name}"] == associated.hex()


def test_signal() -> None:
    signal, (sender, recipient) = VECTORS["signal"], addresses()
    plaintext = bytes([1, 12]) + u64(0) + u64(1_700_000_000_000) + b"\x55" * 16 + bytes(32)
    plaintext += unhex(MESSAGE["context_hash"]) + struct.pack(">H", 2) + b"\0\1"
    assert signal["plaintext"] == plaintext.hex()
    size = 512 - 48 - 91 - 16
    assert signal["padded_size"] == size == 357
    head = b"\1\1\3" + unhex(SESSION["session_id"]) + unhex(signal["nonce"]) + b"".join(sender)
    assert signal["head"] == head.hex()
    associated = join(
        "securechat/envelope/v1",
        *(b"\1", b"\1", b"\3", *sender, *recipient, unhex(SESSION["session_id"])),
        unhex(hashed("securechat/start/v1", b"")),
    )
    assert signal["associated_data"] == associated.hex()
    key, nonce = session_keys()[:32], unhex(signal["nonce"])
    middle = seal_xchacha(plaintext.ljust(size, b"\0"), associated, nonce, key)
    assert signal["frame"] == (head + middle).hex()


def test_middle_layer_and_frame() -> None:
    ciphertext = unhex(MESSAGE["olm_ciphertext"])
    head, start = unhex(MESSAGE["head"]), unhex(MESSAGE["start"])
    wrapped = b"\0" + struct.pack(">H", len(ciphertext)) + ciphertext
    wrapped = wrapped.ljust(2048 - 48 - len(head) - len(start) - 16, b"\0")
    assert MESSAGE["wrapped"] == wrapped.hex()
    associated, nonce = unhex(MESSAGE["associated_data_start"]), unhex(MESSAGE["nonce"])
    middle = seal_xchacha(wrapped, associated, nonce, session_keys()[:32])
    assert MESSAGE["frame"] == (head + start + middle).hex()
    assert len(unhex(MESSAGE["frame"])) == 2048 - 48


def test_plain_envelope() -> None:
    plain, (sender, recipient) = VECTORS["plain"], addresses()
    keys = sorted((sender[0], recipient[0]))
    conversation = hashed("securechat/plain-conversation/v1", *keys)
    assert plain["conversation_id"] == conversation
    context = hashed("securechat/context/v1", unhex(conversation), *sender, *recipient, b"")
    assert plain["context_hash"] == context
    encrypted = MESSAGE["plaintext"]
    assert plain["plaintext"] == encrypted.replace(MESSAGE["context_hash"], context)
    plaintext = unhex(plain["plaintext"])
    signed = join("securechat/plain-envelope/v1", *sender, *recipient, plaintext)
    assert plain["signed_bytes"] == signed.hex()
    key = Ed25519PrivateKey.from_private_bytes(unhex(VECTORS["seeds"]["alice_signing_key"]))
    assert plain["signature"] == key.sign(signed).hex()
    certificate = fields_of("DeviceCertificate")
    envelope = b"securechat plain" + bytes([1, 128]) + b"".join(sender)
    envelope += unhex(certificate["signing_key"] + certificate["olm_key"])
    envelope += u64(certificate["created_ms"]) + u64(certificate["sequence"])
    envelope += unhex(certificate["signature"]) + struct.pack(">H", len(plaintext)) + plaintext
    envelope += unhex(plain["signature"])
    assert plain["envelope"] == envelope.ljust(512, b"\0").hex()


def test_backup() -> None:
    """That its key is Argon2id's is seen in tests/sockets/test_identity.py."""
    backup = VECTORS["backup"]
    salt, nonce, plaintext = (unhex(backup[name]) for name in ("salt", "nonce", "plaintext"))
    cost = u64(backup["passes"]) + u64(backup["memory_bytes"])
    head = b"securechat backup" + bytes([1]) + cost + salt + nonce
    assert backup["head"] == head.hex()
    associated = join("securechat/identity-backup/v1", head)
    assert backup["associated_data"] == associated.hex()
    sealed = seal_xchacha(plaintext, associated, nonce, unhex(backup["key"]))
    assert backup["file"] == (head + sealed).hex()
    stream = iter(plaintext)
    assert read(stream) == backup["fields"]
    assert list(stream) == []
    seed, device_list = backup["fields"][2]
    assert seed == VECTORS["seeds"]["alice_user_key"]
    names = "signature", *SIGNED["DeviceList"][2]
    assert device_list == [fields_of("DeviceList")[name] for name in names]


def test_pairing() -> None:
    pairing = VECTORS["pairing"]
    slot, password = u64(pairing["slot"]), unhex(pairing["password"])
    ids = tuple(join(f"securechat/pairing-{role}/v1", slot) for role in ("opener", "joiner"))
    entropy = tuple(unhex(pairing["entropy"][role]) for role in ("opener", "joiner"))
    x, y, key = spake2(password, (ids[0], ids[1]), (entropy[0], entropy[1]))
    transcript = unhex(hashed("securechat/pairing/v1", slot, b"A" + x, b"B" + y))
    keys = hkdf_sha256(bytes(32), key, join("securechat/pairing-keys/v1", transcript), 128)
    views = [unhex(pairing["opener_view"]), unhex(pairing["joiner_view"])]
    sealed, macs = [], []
    for i, role in enumerate((b"opener", b"joiner")):
        associated = join("securechat/pairing-view/v1", role, transcript)
        sealed.append(seal_xchacha(views[i], associated, bytes(24), keys[32 * i :][:32]))
        hashes = [unhex(hashed("securechat/pairing-view-hash/v1", view)) for view in views]
        relay_id = unhex(fields_of("Registration")["relay_id"])
        confirmed = join("securechat/pairing-confirm/v1", role, relay_id, transcript, *hashes)
        macs.append(hmac.digest(keys[64 + 32 * i :][:32], confirmed, "sha256"))
    messages = [b"B" + y, b"A" + x + sealed[0], sealed[1] + macs[1], macs[0]]
    assert pairing["messages"] == [message.hex() for message in messages]


def test_the_view_of_who_made_the_code() -> None:
    fields = VECTORS["pairing"]["opener_fields"]
    assert read(iter(unhex(VECTORS["pairing"]["opener_view"]))) == fields
    names = {name: ("signature", *SIGNED[name][2]) for name in SIGNED}
    objects = "Registration", "DeviceList", "DeviceCertificate"
    expected = [[fields_of(each)[name] for name in names[each]] for each in objects]
    assert fields == [fields_of("Registration")["relay_id"], *expected]
