from securechat.crypto.ratchet import RatchetAccount
from securechat.e2e.session import (
    RENEW_AFTER_MESSAGES,
    RENEW_AFTER_MS,
    Session,
    State,
    derive_keys,
    session_info,
)
from securechat.identity.types import DeviceAddress, DeviceId, UserKey

ALICE = DeviceAddress(UserKey(b"a" * 32), DeviceId(b"1" * 16))
BOB = DeviceAddress(UserKey(b"b" * 32), DeviceId(b"2" * 16))
ACCOUNT, OTHER = RatchetAccount.generate(), RatchetAccount.generate()
(PREKEY,) = OTHER.generate_one_time_keys(1)


def make_session(
    session_id: bytes = b"s" * 16,
    state: State = State.OPEN,
    *,
    ours: bool = True,
    created_ms: int = 0,
) -> Session:
    return Session(
        peer=BOB,
        session_id=session_id,
        state=state,
        ours=ours,
        send_key=b"k" * 32,
        receive_key=b"l" * 32,
        created_ms=created_ms,
        silent_since_ms=created_ms,
        ratchet=ACCOUNT.start_session(OTHER.identity_key, PREKEY),
        start=b"start" if state is State.STARTING else b"",
    )


def test_a_session_survives_storage() -> None:
    session = make_session(state=State.STARTING, created_ms=5)
    session.sent = 3
    restored = Session.decode(session.key, session.encode(), b"start")
    assert restored.encode() == session.encode()
    assert (restored.peer, restored.session_id, restored.start) == (BOB, b"s" * 16, b"start")


def test_it_is_due_for_renewal_by_age_or_use() -> None:
    session = make_session(created_ms=1_000)
    assert not session.is_renewal_due(1_000 + RENEW_AFTER_MS - 1)
    assert session.is_renewal_due(1_000 + RENEW_AFTER_MS)
    session.sent = RENEW_AFTER_MESSAGES - 1
    assert not session.is_renewal_due(1_000)
    session.sent += 1
    assert session.is_renewal_due(1_000)


def test_keys_depend_on_secret_direction_and_all_of_the_info() -> None:
    info = session_info(ALICE, BOB, b"s" * 16, 1)
    keys = {*derive_keys(b"x" * 32, info), *derive_keys(b"y" * 32, info)}
    for other in (
        session_info(BOB, ALICE, b"s" * 16, 1),
        session_info(ALICE, BOB, b"t" * 16, 1),
        session_info(ALICE, BOB, b"s" * 16, 2),
    ):
        keys |= set(derive_keys(b"x" * 32, other))
    assert len(keys) == 10


def test_secrets_do_not_show() -> None:
    assert repr(make_session()) == "Session(OPEN, secret)"
