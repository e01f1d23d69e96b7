"""Fixed-key vectors of the formats in E2E.md, for this code and for a second implementation.

``python -m tests.pure.e2e.vectors`` prints them; ``tests/vectors/e2e.json`` holds that output and
changes only together with E2E.md. Every entry has the inputs beside the result; bytes are
hexadecimal. Signatures are Ed25519 (deterministic) under the seeds given at the top.
"""

import json
from typing import Any, cast

import msgspec

from securechat.client.connection.relays import KnownRelay
from securechat.client.names.contacts import Contact, ShownKey
from securechat.client.profiles.backup import Backup, Place
from securechat.client.profiles.backup_file import associated_data, encode_head
from securechat.crypto.passphrase import Hardness
from securechat.crypto.passphrase_sealer import PassphraseSealer
from securechat.crypto.sas import Sas
from securechat.crypto.sealing import seal_aead
from securechat.e2e import envelope
from securechat.e2e.amend_content import Amendment, Reaction, Typing, encode_amend_content
from securechat.e2e.content import (
    Content,
    ReadReceipt,
    Receipt,
    Recovery,
    Text,
    encode_content,
)
from securechat.e2e.own_device import UserIdentity
from securechat.e2e.pairing import Introduction, Joiner, Opener
from securechat.e2e.plain import PlainEnvelope, signed_bytes
from securechat.e2e.plaintext import (
    Plaintext,
    context_hash,
    direct_conversation_id,
    hash_plaintext,
    plain_conversation_id,
)
from securechat.e2e.room_content import RoomNotice, RoomPlace, Roster, RosterRequest
from securechat.e2e.sas import SasExchange
from securechat.e2e.session import derive_keys, session_info
from securechat.identity.chain import Highest
from securechat.identity.notation import L, digest
from securechat.identity.roster import lobby_id_of
from securechat.identity.safety_number import safety_number
from securechat.identity.signed import SignedObject
from securechat.identity.types import Digest, MessageId, Name, UserKey, mailbox_id
from tests.pure.crypto.sas_reference import ReferenceSas
from tests.pure.identity.objects import RELAY, make_person
from tests.pure.identity.rosters import begin, follow

ALICE, BOB = make_person("Alice", seed=1), make_person("Bob", seed=2)
SENDER, RECIPIENT = ALICE.certificate.address, BOB.certificate.address
SESSION_ID, NONCE, SECRET = b"\x51" * 16, b"\x52" * 24, b"\x53" * 32
BLOB = bytes(range(256)) * 4 + bytes(envelope.BLOB_SIZE_BYTES - 1024)
START = envelope.Start(3, BLOB, ALICE.certificate, ALICE.registration)
SIZE_BYTES = 2048
FIRST_ROSTER = begin(ALICE)
ROSTER = follow(FIRST_ROSTER, ALICE, [ALICE], [BOB], topic="Über 明")
PAIRING_SLOT, PAIRING_WORDS = 7, b"otter-lime-sofa"
BACKUP_PASSPHRASE = "Grüße, drei Wörter"
BACKUP_KEY = bytes.fromhex("6697b91e6aa78a3e05300492342ec74c81f00cf9428bd22871c63f41e82e9367")
"""What Argon2id makes of the passphrase; `tests/sockets/test_identity.py` takes the time for it."""


def build() -> dict[str, Any]:
    """Return all vectors as JSON values."""
    return {
        "seeds": {
            "alice_user_key": b"\1" * 32,
            "alice_signing_key": b"\x65" * 32,
            "bob_user_key": b"\2" * 32,
            "bob_signing_key": b"\x66" * 32,
        },
        "notation": [notation("label"), notation("label", b""), notation("l/1", b"\xab\xcd", b"")],
        "signed": [signed(each) for each, _ in ALICE.checks()],
        "hashes": {
            "device_certificate": ALICE.certificate.hash,
            "device_list": ALICE.device_list.hash,
        },
        "mailbox": {
            "user_key": SENDER.user_key,
            "device_id": SENDER.device_id,
            "mailbox": mailbox_id(*SENDER),
        },
        "safety_number": {
            "user_keys": [SENDER.user_key, RECIPIENT.user_key],
            "number": safety_number(SENDER.user_key, RECIPIENT.user_key),
        },
        "session": session(),
        "content": contents(),
        "room": room(),
        "message": message(),
        "signal": signal(),
        "plain": plain(),
        "backup": backup(),
        "pairing": pairing(),
        "sas": comparison(),
    }


def notation(label: str, *parts: bytes) -> dict[str, Any]:
    return {
        "label": label,
        "parts": parts,
        "bytes": L(label, *parts),
        "digest": digest(label, *parts),
    }


def signed(each: SignedObject) -> dict[str, Any]:
    return {
        "object": type(each).__name__,
        "fields": msgspec.structs.asdict(each),
        "label": each.label,
        "parts": each.parts(),
        "signed_bytes": each.signed_bytes(),
    }


def session() -> dict[str, Any]:
    info = session_info(SENDER, RECIPIENT, SESSION_ID, START.bundle_epoch)
    there, back = derive_keys(SECRET, info)
    return {
        "starter": SENDER,
        "recipient": RECIPIENT,
        "session_id": SESSION_ID,
        "bundle_epoch": START.bundle_epoch,
        "info": info,
        "secret": SECRET,
        "key_from_starter": there,
        "key_to_starter": back,
    }


def contents() -> list[dict[str, Any]]:
    text, receipt = Text("Grüße, 明"), Receipt((MessageId(b"\x54" * 16),), 7)
    recovery = Recovery(12, ((0, 2), (7, 7)))
    read = ReadReceipt((MessageId(b"\x54" * 16), MessageId(b"\x58" * 16)))
    return [
        {"text": text.text, **kind_and_body(text)},
        {"message_ids": receipt.message_ids, "envelope_epoch": 7, **kind_and_body(receipt)},
        {"next_counter": 12, "gaps": recovery.gaps, **kind_and_body(recovery)},
        {"message_ids": read.message_ids, **kind_and_body(read)},
        *map(room_content, (*room_contents(), *amend_contents())),
    ]


def room_contents() -> tuple[Content, ...]:
    place, answered = RoomPlace(ROSTER.room_id, 1), MessageId(b"\x54" * 16)
    return (
        Text("Grüße, 明", room=place),
        Text("明", reply_to=answered),
        Text("winkt", action=True),
        Text("all", action=True, reply_to=answered, room=place),
        Roster(ROSTER),
        RosterRequest(ROSTER.room_id, 1, ROSTER.hash),
        RoomNotice(place, joined=True),
        RoomNotice(place, joined=False),
    )


def amend_contents() -> tuple[Amendment | Reaction | Typing, ...]:
    place, changed = RoomPlace(ROSTER.room_id, 1), MessageId(b"\x54" * 16)
    return (
        Amendment(changed, "Grüße, 明"),
        Amendment(changed, "", place),
        Reaction(changed, "\u2764\ufe0f"),
        Reaction(changed, "", place),
        Typing(active=True),
        Typing(active=False, room=place),
    )


def room_content(content: Content | Typing) -> dict[str, Any]:
    fields = msgspec.to_builtins(content, builtin_types=(bytes,))
    return {"content": type(content).__name__, "fields": fields, **kind_and_body(content)}


def room() -> dict[str, Any]:
    """The first two entries of a room, and what binds a message to the second."""
    lobby_id = lobby_id_of(ROSTER.relay_id)
    return {
        "entries": [
            {
                "fields": msgspec.to_builtins(entry, builtin_types=(bytes,)),
                "parts": entry.parts(),
                "signed_bytes": entry.signed_bytes(),
                "hash": entry.hash,
                "encoded": msgspec.msgpack.encode(entry),
            }
            for entry in (FIRST_ROSTER, ROSTER)
        ],
        "room_id": ROSTER.room_id,
        "lobby_id": lobby_id,
        "context_hash": context_hash(Digest(ROSTER.room_id), SENDER, RECIPIENT, ROSTER.hash),
        "lobby_context_hash": context_hash(Digest(lobby_id), SENDER, RECIPIENT),
    }


def kind_and_body(content: Content | Typing) -> dict[str, Any]:
    if isinstance(content, Typing):
        kind, body = encode_amend_content(content)
    else:
        kind, body = encode_content(content)
    return {"kind": kind, "body": body}


def message() -> dict[str, Any]:
    """One message through all formats; the ratchet is left out, its ciphertext is a stand-in."""
    conversation = direct_conversation_id(SENDER.user_key, RECIPIENT.user_key)
    context = context_hash(conversation, SENDER, RECIPIENT)
    plaintext = Plaintext(
        1, 5, 1_700_000_000_000, MessageId(b"\x55" * 16), Digest(b"\x56" * 32), context, b"hello"
    )
    start = START.encode()
    head = envelope.Head(envelope.TYPE_START, SESSION_ID, NONCE, SENDER)
    associated = {
        kind: envelope.associated_data(kind, SENDER, RECIPIENT, SESSION_ID, carried)
        for kind, carried in ((envelope.TYPE_START, start), (envelope.TYPE_MESSAGE, b""))
    }
    ciphertext = b"\x57" * 300
    wrapped = envelope.wrap_ciphertext(0, ciphertext, len(start), SIZE_BYTES)
    key, _ = derive_keys(SECRET, session_info(SENDER, RECIPIENT, SESSION_ID, START.bundle_epoch))
    middle = seal_aead(wrapped, associated[envelope.TYPE_START], NONCE, key)
    return {
        "conversation_id": conversation,
        "context_hash": context,
        "plaintext_fields": plaintext._asdict(),
        "plaintext": plaintext.encode(),
        "plaintext_hash": hash_plaintext(plaintext.encode()),
        "padded_plaintext_sizes": {
            str(size): envelope.plaintext_room(envelope.TYPE_MESSAGE, 0, size)
            for size in envelope.SIZES_BYTES
        },
        "padded_start_plaintext_size": envelope.plaintext_room(
            envelope.TYPE_START, len(start), SIZE_BYTES
        ),
        "nonce": NONCE,
        "head": head.encode(),
        "blob": BLOB,
        "start": start,
        "associated_data_start": associated[envelope.TYPE_START],
        "associated_data_message": associated[envelope.TYPE_MESSAGE],
        "olm_ciphertext": ciphertext,
        "wrapped": wrapped,
        "frame": head.encode() + start + middle,
    }


def signal() -> dict[str, Any]:
    """What says that somebody types, up to the sealed box."""
    kind, body = encode_amend_content(Typing(active=True))
    conversation = direct_conversation_id(SENDER.user_key, RECIPIENT.user_key)
    plaintext = Plaintext(
        kind,
        0,
        1_700_000_000_000,
        MessageId(b"\x55" * 16),
        Digest(bytes(32)),
        context_hash(conversation, SENDER, RECIPIENT),
        body,
    ).encode()
    head = envelope.Head(envelope.TYPE_SIGNAL, SESSION_ID, NONCE, SENDER)
    associated = envelope.associated_data(head.type, SENDER, RECIPIENT, SESSION_ID, b"")
    key, _ = derive_keys(SECRET, session_info(SENDER, RECIPIENT, SESSION_ID, START.bundle_epoch))
    padded = plaintext.ljust(envelope.SIGNAL_PLAINTEXT_SIZE_BYTES, b"\0")
    return {
        "plaintext": plaintext,
        "padded_size": len(padded),
        "nonce": NONCE,
        "head": head.encode(),
        "associated_data": associated,
        "frame": head.encode() + seal_aead(padded, associated, NONCE, key),
    }


def plain() -> dict[str, Any]:
    """A message without encryption."""
    conversation = plain_conversation_id(SENDER.user_key, RECIPIENT.user_key)
    context = context_hash(conversation, SENDER, RECIPIENT)
    plaintext = Plaintext(
        1, 5, 1_700_000_000_000, MessageId(b"\x55" * 16), Digest(b"\x56" * 32), context, b"hello"
    ).encode()
    signed = signed_bytes(SENDER, RECIPIENT, plaintext)
    signature = ALICE.signer.sign(signed)
    return {
        "conversation_id": conversation,
        "context_hash": context,
        "plaintext": plaintext,
        "signed_bytes": signed,
        "signature": signature,
        "envelope": PlainEnvelope(ALICE.certificate, plaintext, signature).encode(),
    }


def backup() -> dict[str, Any]:
    """A backup of Alice, who knows Bob and another one whose key has changed."""
    highest = Highest(2, Digest(b"\x61" * 32), {BOB.certificate.device_id: 3})
    shown = ShownKey(UserKey(b"\x62" * 32), highest)
    people = (
        Contact(
            Name("Bob"),
            BOB.user_key,
            accepted=True,
            verified=True,
            highest=highest,
            petname="Bobby",
            met_ms=1_700_000_000_000,
            encrypted_once=True,
        ),
        Contact(Name("明"), UserKey(b"\x63" * 32), highest=highest, shown=shown, blocked=True),
    )
    relay = KnownRelay(ALICE.registration.relay_id, "192.168.1.20:5555", 1_700_000_000_001)
    content = Backup(
        Name("Alice"),
        1_700_000_000_002,
        UserIdentity(b"\1" * 32, ALICE.device_list),
        (Place(relay, people),),
    )
    sealer = PassphraseSealer(Hardness(), b"\x64" * 16, NONCE)
    head = encode_head(sealer)
    associated = associated_data(head)
    return {
        "passphrase": BACKUP_PASSPHRASE,
        "passes": sealer.hardness.passes,
        "memory_bytes": sealer.hardness.memory_bytes,
        "salt": sealer.salt,
        "key": BACKUP_KEY,
        "nonce": sealer.nonce,
        "head": head,
        "associated_data": associated,
        "fields": msgspec.to_builtins(content, builtin_types=(bytes,)),
        "plaintext": content.encode(),
        "file": head + seal_aead(content.encode(), associated, NONCE, BACKUP_KEY),
    }


def pairing() -> dict[str, Any]:
    """Alice makes a code, Bob types it; each draws 64 times the same byte."""
    entropy = {"opener": b"\x71" * 64, "joiner": b"\x72" * 64}
    alice, bob = (
        Introduction(RELAY, each.registration, each.device_list, each.certificate)
        for each in (ALICE, BOB)
    )
    opener = Opener(PAIRING_SLOT, PAIRING_WORDS, alice, lambda _: entropy["opener"])
    joiner = Joiner(PAIRING_SLOT, PAIRING_WORDS, bob, lambda _: entropy["joiner"])
    message2 = opener.answer(joiner.message)
    _, message3 = joiner.answer(message2)
    _, message4 = opener.finish(message3)
    joiner.confirm(message4)
    return {
        "slot": PAIRING_SLOT,
        "password": PAIRING_WORDS,
        "entropy": entropy,
        "opener_view": msgspec.msgpack.encode(alice),
        "joiner_view": msgspec.msgpack.encode(bob),
        "opener_fields": msgspec.to_builtins(alice, builtin_types=(bytes,)),
        "messages": [joiner.message, message2, message3, message4],
    }


def comparison() -> dict[str, Any]:
    """Alice has begun to compare emoji with Bob, whose keys are fixed too, and both confirm."""
    private = {"initiator": b"\x75" * 32, "responder": b"\x76" * 32}
    alice = SasExchange.begin(SENDER, RECIPIENT.user_key, RELAY, 0, draw=lambda _: b"\x74" * 16)
    bob = SasExchange.asked(RECIPIENT, SENDER, RELAY, alice.start, 0)
    for exchange, key in zip((alice, bob), private.values(), strict=True):
        exchange._sas = cast(Sas, ReferenceSas(key))
    (commit,) = bob.agree()
    (alice_key,) = alice.hear(commit, RECIPIENT)
    (bob_key,) = bob.hear(alice_key, SENDER)
    alice.hear(bob_key, RECIPIENT)
    assert alice.shown is not None
    steps = [alice.start, commit, alice_key, bob_key, *alice.match(), *bob.match()]
    return {
        "private_keys": private,
        "bodies": [encode_content(step)[1] for step in steps],
        "context": alice._context,
        "emoji": alice.shown.emoji,
        "digits": alice.shown.decimals,
    }


def to_json(vectors: object) -> str:
    """Write vectors as JSON text with bytes in hexadecimal."""
    encoded = json.dumps(hexadecimal(vectors), indent=1, ensure_ascii=False, sort_keys=True)
    return encoded + "\n"


def hexadecimal(value: object) -> object:
    match value:
        case bytes():
            return value.hex()
        case dict():
            return {hexadecimal(key): hexadecimal(each) for key, each in value.items()}
        case list() | tuple():
            return [hexadecimal(each) for each in value]
        case _:
            return value


if __name__ == "__main__":
    print(to_json(build()), end="")
