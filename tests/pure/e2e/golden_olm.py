"""A transcript of the ratchet: stored states with the messages that each of them has to open.

``python -m tests.pure.e2e.golden_olm`` records one with the installed vodozemac and writes it to
``tests/vectors/olm/`` under the version's name. Transcripts of older versions stay: devices bring
such states, and peers such messages, to every later one. Pickles hold secret keys, made for this.
"""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

from securechat.crypto.ratchet import RatchetAccount, RatchetSession

DIRECTORY = Path(__file__).parents[2] / "vectors" / "olm"
VERSION = metadata.version("vodozemac")

OUT_OF_ORDER = (0, 4, 1, 3, 2)

Row = dict[str, Any]


def path_of(version: str) -> Path:
    """Return where the transcript of a version is."""
    return DIRECTORY / f"vodozemac-{version}.json"


def record() -> Row:
    """Return a new transcript: starts on every kind of prekey, and one conversation."""
    alice, bob = RatchetAccount.generate(), RatchetAccount.generate()
    one_time_key, other_key = bob.generate_one_time_keys(2)
    previous_fallback, fallback = bob.rotate_fallback_key(), bob.rotate_fallback_key()
    state = pickled(bob)
    prekeys = {
        "one-time key": one_time_key,
        "fallback key": fallback,
        "previous fallback key": previous_fallback,
    }
    starts = [start(alice, bob.identity_key, kind, key) for kind, key in prekeys.items()]
    return {
        "vodozemac": VERSION,
        "account": {"pickle": state, "identity_key": bob.identity_key.hex()},
        "sender_identity_key": alice.identity_key.hex(),
        "starts": starts,
        "sessions": converse(alice, bob, other_key),
    }


def start(alice: RatchetAccount, identity_key: bytes, kind: str, prekey: bytes) -> Row:
    """Return the first messages of a session, the later one sent before any answer."""
    session = alice.start_session(identity_key, prekey)
    return {"prekey": kind, "opens": [sealed(session, f"{kind} {number}") for number in (0, 1)]}


def converse(alice: RatchetAccount, bob: RatchetAccount, prekey: bytes) -> list[Row]:
    """Return the states of one conversation in the order in which they were stored."""
    ours = alice.start_session(bob.identity_key, prekey)
    rows = [stored("starting, unanswered", ours)]
    theirs, _ = bob.accept_session(alice.identity_key, ours.encrypt(b"hello")[1])
    rows.append(stored("accepted, nothing sent", theirs, sealed(ours, "second, still unanswered")))
    answers = [sealed(theirs, f"answer {number}") for number in range(2)]
    rows.append(stored("starting, about to be answered", ours, *answers))
    open_all(ours, answers)
    chain = [sealed(ours, f"turn {number}") for number in range(5)]
    shuffled = [chain[number] for number in OUT_OF_ORDER]
    rows.append(stored("open, nothing skipped", theirs, *shuffled))
    open_all(theirs, shuffled[:2])
    rows.append(stored("open, keys skipped", theirs, *shuffled[2:]))
    open_all(ours, [sealed(theirs, "turned again")])
    rows.append(stored("open, the chain before with keys skipped", theirs, *shuffled[2:]))
    rows.append(stored("end of the starter", ours))
    return rows


def stored(state: str, session: RatchetSession, *opens: Row) -> Row:
    """Return a session as it is now and what it has to open, in this order."""
    return {"state": state, "pickle": pickled(session), "opens": list(opens)}


def pickled(keeper: RatchetAccount | RatchetSession) -> str:
    return keeper.pickle().decode("ascii")


def sealed(session: RatchetSession, text: str) -> Row:
    """Encrypt a text and return it with its message."""
    olm_type, ciphertext = session.encrypt(text.encode())
    return {"olm_type": olm_type, "ciphertext": ciphertext.hex(), "text": text}


def open_all(session: RatchetSession, messages: list[Row]) -> None:
    """Open recorded messages and check that each gives its text."""
    for each in messages:
        plaintext = session.decrypt(each["olm_type"], bytes.fromhex(each["ciphertext"]))
        assert plaintext.decode() == each["text"]


if __name__ == "__main__":
    path_of(VERSION).write_text(json.dumps(record(), indent=1) + "\n", encoding="utf-8")
