import pytest

from securechat.crypto.ratchet import (
    NORMAL_MESSAGE,
    PREKEY_MESSAGE,
    RatchetAccount,
    RatchetSession,
)
from securechat.errors import CannotOpen, RemoteProtocolError

Pair = tuple[RatchetSession, RatchetSession]


def start() -> tuple[RatchetAccount, RatchetAccount, RatchetSession]:
    alice, bob = RatchetAccount.generate(), RatchetAccount.generate()
    (prekey,) = bob.generate_one_time_keys(1)
    return alice, bob, alice.start_session(bob.identity_key, prekey)


@pytest.fixture
def pair() -> Pair:
    alice, bob, ours = start()
    theirs, _ = bob.accept_session(alice.identity_key, ours.encrypt(b"hello")[1])
    ours.decrypt(*theirs.encrypt(b"answer"))
    return ours, theirs


def test_prekey_messages_until_the_answer_then_normal_ones() -> None:
    alice, bob, ours = start()
    first_type, first = ours.encrypt(b"one")
    second_type, second = ours.encrypt(b"two")
    assert first_type == second_type == PREKEY_MESSAGE
    theirs, plaintext = bob.accept_session(alice.identity_key, first)
    assert plaintext == b"one"
    assert theirs.decrypt(second_type, second) == b"two"
    answer = theirs.encrypt(b"three")
    assert answer[0] == NORMAL_MESSAGE
    assert ours.decrypt(*answer) == b"three"
    assert ours.encrypt(b"four")[0] == NORMAL_MESSAGE


def test_a_one_time_key_serves_once() -> None:
    alice, bob, ours = start()
    _, first = ours.encrypt(b"one")
    bob.accept_session(alice.identity_key, first)
    with pytest.raises(CannotOpen):
        bob.accept_session(alice.identity_key, first)


def test_each_batch_of_one_time_keys_is_new() -> None:
    account = RatchetAccount.generate()
    first, second = account.generate_one_time_keys(3), account.generate_one_time_keys(2)
    assert len(first) == 3
    assert len(second) == 2
    assert len({*first, *second}) == 5


def test_fallback_keys_serve_again_and_the_last_but_one_still_works() -> None:
    alice, bob = RatchetAccount.generate(), RatchetAccount.generate()
    keys = [bob.rotate_fallback_key() for _ in range(3)]
    firsts = [alice.start_session(bob.identity_key, key).encrypt(b"x")[1] for key in keys]
    for first in (firsts[1], firsts[2], firsts[2]):
        assert bob.accept_session(alice.identity_key, first)[1] == b"x"
    with pytest.raises(CannotOpen):
        bob.accept_session(alice.identity_key, firsts[0])


def test_the_sender_must_be_the_one_expected() -> None:
    alice, bob, ours = start()
    before = bob.pickle()
    _, first = ours.encrypt(b"one")
    with pytest.raises(CannotOpen):
        bob.accept_session(RatchetAccount.generate().identity_key, first)
    assert bob.pickle() == before
    assert bob.accept_session(alice.identity_key, first)[1] == b"one"


def test_a_failed_decryption_changes_nothing(pair: Pair) -> None:
    ours, theirs = pair
    kind, ciphertext = ours.encrypt(b"message")
    before = theirs.pickle()
    for length in range(len(ciphertext)):
        with pytest.raises(CannotOpen):
            theirs.decrypt(kind, ciphertext[:length])
    for index in range(len(ciphertext) - 8, len(ciphertext)):
        flipped = bytearray(ciphertext)
        flipped[index] ^= 0x10
        with pytest.raises(CannotOpen):
            theirs.decrypt(kind, bytes(flipped))
    assert theirs.pickle() == before
    assert theirs.decrypt(kind, ciphertext) == b"message"


def test_a_message_opens_once(pair: Pair) -> None:
    ours, theirs = pair
    message = ours.encrypt(b"message")
    theirs.decrypt(*message)
    with pytest.raises(CannotOpen):
        theirs.decrypt(*message)


def test_accounts_and_sessions_survive_storage(pair: Pair) -> None:
    ours, theirs = pair
    message = RatchetSession.from_pickle(ours.pickle()).encrypt(b"message")
    assert RatchetSession.from_pickle(theirs.pickle()).decrypt(*message) == b"message"
    account = RatchetAccount.generate()
    assert RatchetAccount.from_pickle(account.pickle()).identity_key == account.identity_key


def test_a_normal_message_starts_nothing(pair: Pair) -> None:
    ours, _ = pair
    alice, bob, _ = start()
    with pytest.raises(CannotOpen):
        bob.accept_session(alice.identity_key, ours.encrypt(b"x")[1])


@pytest.mark.parametrize("bad", [bytes(32), b"\1" + bytes(31), b"", bytes(31), bytes(33)])
def test_no_session_starts_on_bad_keys(bad: bytes) -> None:
    alice, bob, _ = start()
    with pytest.raises(RemoteProtocolError):
        alice.start_session(bad, bob.rotate_fallback_key())
    with pytest.raises(RemoteProtocolError):
        alice.start_session(bob.identity_key, bad)


def test_secrets_do_not_show(pair: Pair) -> None:
    assert repr(pair[0]) == "RatchetSession(secret)"
    assert repr(RatchetAccount.generate()) == "RatchetAccount(secret)"
