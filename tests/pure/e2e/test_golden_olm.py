"""What an older vodozemac stored and sent is read by the one that is installed.

A failure here after an upgrade means that people would lose the sessions on their disks or the
messages in their mailboxes.
"""

import json
from typing import Any

import pytest

from securechat.crypto.ratchet import (
    NORMAL_MESSAGE,
    PREKEY_MESSAGE,
    RatchetAccount,
    RatchetSession,
)
from securechat.errors import CannotOpen
from tests.pure.e2e.golden_olm import DIRECTORY, VERSION, open_all, path_of, pickled, record, sealed

TRANSCRIPTS: list[dict[str, Any]] = [
    json.loads(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.json"))
]

every_transcript = pytest.mark.parametrize(
    "transcript", TRANSCRIPTS, ids=lambda each: str(each["vodozemac"])
)


def account_of(transcript: dict[str, Any]) -> RatchetAccount:
    return RatchetAccount.from_pickle(transcript["account"]["pickle"].encode("ascii"))


def session_of(stored: dict[str, Any]) -> RatchetSession:
    return RatchetSession.from_pickle(stored["pickle"].encode("ascii"))


def test_the_installed_version_has_its_transcript() -> None:
    assert path_of(VERSION).exists(), "python -m tests.pure.e2e.golden_olm records it"


def test_a_recording_of_today_has_the_shape_of_all() -> None:
    today = record()
    for each in TRANSCRIPTS:
        assert each.keys() == today.keys()
        assert [row["prekey"] for row in each["starts"]] == [r["prekey"] for r in today["starts"]]
        assert [row["state"] for row in each["sessions"]] == [
            row["state"] for row in today["sessions"]
        ]


@every_transcript
def test_a_stored_account_keeps_its_identity_and_state(transcript: dict[str, Any]) -> None:
    account = account_of(transcript)
    assert account.identity_key.hex() == transcript["account"]["identity_key"]
    assert RatchetAccount.from_pickle(account.pickle()).pickle() == account.pickle()


@every_transcript
def test_recorded_starts_open_on_the_stored_account(transcript: dict[str, Any]) -> None:
    account = account_of(transcript)
    sender = bytes.fromhex(transcript["sender_identity_key"])
    for row in transcript["starts"]:
        first, second = row["opens"]
        assert (first["olm_type"], second["olm_type"]) == (PREKEY_MESSAGE, PREKEY_MESSAGE)
        session, plaintext = account.accept_session(sender, bytes.fromhex(first["ciphertext"]))
        assert plaintext.decode() == first["text"]
        open_all(session, [second])


@every_transcript
def test_a_stored_one_time_key_still_serves_once(transcript: dict[str, Any]) -> None:
    account = account_of(transcript)
    sender = bytes.fromhex(transcript["sender_identity_key"])
    first = bytes.fromhex(transcript["starts"][0]["opens"][0]["ciphertext"])
    account.accept_session(sender, first)
    with pytest.raises(CannotOpen):
        account.accept_session(sender, first)


@every_transcript
def test_stored_sessions_open_their_messages_once(transcript: dict[str, Any]) -> None:
    for row in transcript["sessions"]:
        session = session_of(row)
        open_all(session, row["opens"])
        for each in row["opens"]:
            with pytest.raises(CannotOpen):
                session.decrypt(each["olm_type"], bytes.fromhex(each["ciphertext"]))


@every_transcript
def test_stored_sessions_go_on(transcript: dict[str, Any]) -> None:
    *_, theirs_row, ours_row = transcript["sessions"]
    theirs, ours = session_of(theirs_row), session_of(ours_row)
    for number in range(3):
        for writer, reader in ((ours, theirs), (theirs, ours)):
            message = sealed(writer, f"after the upgrade {number}")
            assert message["olm_type"] == NORMAL_MESSAGE
            open_all(reader, [message])
    assert pickled(ours) != ours_row["pickle"]
