import pytest

from securechat.errors import InvalidSignature, NameInvalid, RemoteProtocolError
from securechat.identity.registration import Registration
from securechat.identity.types import Name, RelayId
from tests.pure.identity.objects import RELAY, make_person

ALICE, MALLORY = make_person("Alice"), make_person("Mallory", seed=2)


def test_it_is_for_one_relay() -> None:
    with pytest.raises(RemoteProtocolError):
        ALICE.registration.verify(RelayId(b"x" * 32))


@pytest.mark.parametrize("name", ["", "a b", "#lobby", "a\u202eb"])
def test_a_signed_bad_name_is_refused(name: str) -> None:
    signed = Registration.sign(ALICE.user, relay_id=RELAY, name=Name(name), time_ms=1)
    with pytest.raises(NameInvalid):
        signed.verify(RELAY)


def test_a_signed_name_must_be_normalised() -> None:
    signed = Registration.sign(ALICE.user, relay_id=RELAY, name=Name("ＡＢＣ"), time_ms=1)
    with pytest.raises(RemoteProtocolError):
        signed.verify(RELAY)


def test_a_name_cannot_be_put_on_another_key() -> None:
    with pytest.raises(InvalidSignature):
        Registration(
            signature=MALLORY.registration.signature,
            relay_id=RELAY,
            name=Name("Mallory"),
            user_key=ALICE.user_key,
            time_ms=MALLORY.registration.time_ms,
        ).verify(RELAY)
