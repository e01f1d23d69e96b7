import msgspec
import pytest

from securechat.errors import InvalidSignature, RemoteProtocolError
from securechat.identity.prekeys import PrekeyBundle
from tests.pure.identity.objects import make_certificate, make_person

ALICE, MALLORY = make_person("Alice"), make_person("Mallory", seed=2)


def test_keys_of_another_device_are_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        MALLORY.bundle.verify(ALICE.certificate)
    with pytest.raises(RemoteProtocolError):
        MALLORY.one_time_key.verify(ALICE.certificate)


def test_another_device_of_the_same_person_cannot_sign() -> None:
    second = make_certificate(ALICE.user, MALLORY.signer)
    with pytest.raises(InvalidSignature):
        ALICE.bundle.verify(second)
    with pytest.raises(InvalidSignature):
        ALICE.one_time_key.verify(second)


@pytest.mark.parametrize("key", ["envelope_key", "hybrid_key", "fallback_key"])
def test_no_key_can_be_replaced_alone(key: str) -> None:
    replaced = msgspec.structs.replace(
        ALICE.bundle, **{key: bytes(len(getattr(ALICE.bundle, key)))}
    )
    with pytest.raises(InvalidSignature):
        replaced.verify(ALICE.certificate)


def test_a_bundle_names_1_to_16_suites() -> None:
    def decode(count: int) -> PrekeyBundle:
        bundle = msgspec.structs.replace(ALICE.bundle, suites=bytes(count))
        return msgspec.msgpack.decode(msgspec.msgpack.encode(bundle), type=PrekeyBundle)

    assert [len(decode(count).suites) for count in (1, 16)] == [1, 16]
    for count in (0, 17):
        with pytest.raises(msgspec.ValidationError):
            decode(count)


@pytest.mark.parametrize("life_ms", [0, -1])
def test_a_bundle_ends_after_it_begins(life_ms: int) -> None:
    end_ms = ALICE.bundle.not_before_ms + life_ms
    unsigned: PrekeyBundle = msgspec.structs.replace(ALICE.bundle, not_after_ms=end_ms)
    signature = ALICE.signer.sign(unsigned.signed_bytes())
    with pytest.raises(RemoteProtocolError):
        msgspec.structs.replace(unsigned, signature=signature).verify(ALICE.certificate)
