from dataclasses import replace

import pytest

from securechat.crypto.signing import SigningKey
from securechat.errors import (
    InvalidSignature,
    LimitExceeded,
    LoginRefused,
    NameTaken,
    RemoteProtocolError,
)
from securechat.identity.chain import PublishedUser, verify_published
from securechat.identity.device import DeviceCertificate, DeviceList
from securechat.identity.prekeys import OneTimeKey, PrekeyBundle
from securechat.identity.registration import Registration
from securechat.identity.types import Name, Prekey, UserKey
from securechat.relay.directory import DAY_MS, MAX_STORED_ONE_TIME_KEYS, Device, Directory
from securechat.wire.frames import Publish, Register
from tests.pure.identity.objects import RELAY, Person, make_bundle, make_certificate
from tests.pure.relay.world import person

ALICE, BOB = person("Alice", 1), person("Bob", 2)
CAROL, DAVE = UserKey(b"c" * 32), UserKey(b"d" * 32)


def register(who: Person, *more: DeviceCertificate, sequence: int = 1) -> Register:
    """Return the registration of a person with further devices."""
    certificates = (who.certificate, *more)
    device_list = DeviceList.sign(
        who.user,
        sequence=sequence,
        previous_hash=who.device_list.previous_hash if sequence == 1 else who.device_list.hash,
        certificates=certificates,
    )
    return Register(who.registration, device_list, certificates)


def keys(*names: bytes, who: Person = ALICE, epoch: int = 3) -> tuple[OneTimeKey, ...]:
    return tuple(
        OneTimeKey.sign(
            who.signer, who.certificate, bundle_epoch=epoch, prekey=Prekey(name.ljust(32))
        )
        for name in names
    )


def second_device(who: Person = ALICE) -> DeviceCertificate:
    return make_certificate(who.user, SigningKey(b"2" * 32), b"e" * 16)


def filled(*names: bytes) -> tuple[Directory, Device]:
    """Return a directory with Alice, her bundle and one-time keys; and her device."""
    directory = Directory(RELAY, 100)
    account = directory.register(register(ALICE))
    [device] = account.devices.values()
    directory.accept_prekeys(device, Publish(1, ALICE.bundle, keys(*names)))
    return directory, device


def claim(directory: Directory, who: UserKey | None, day: int = 0) -> bytes | None:
    """Look Alice up; return the one-time key that came with her."""
    account = directory.by_name("alice")
    assert account is not None
    user = directory.publish(account, who, now_ms=day * DAY_MS + 5)
    assert user is not None
    [device] = user.devices
    return device.one_time_key.key.rstrip() if device.one_time_key else None


# Accounts -----------------------------------------------------------------------------------------


def test_a_registered_person_is_found_by_key_name_and_mailbox() -> None:
    directory = Directory(RELAY, 100)
    account = directory.register(register(ALICE))
    assert directory.account(ALICE.user_key) is account
    assert directory.by_name("aLICE") is account
    [device] = account.devices.values()
    assert directory.device(ALICE.certificate.mailbox) is device
    assert directory.by_name("Bob") is None


def test_a_taken_name_changes_nothing() -> None:
    directory = Directory(RELAY, 100)
    directory.register(register(ALICE))
    claim_of_bob = Registration.sign(BOB.user, relay_id=RELAY, name=Name("ALICE"), time_ms=1)
    with pytest.raises(NameTaken):
        directory.register(register(replace(BOB, registration=claim_of_bob)))
    assert directory.account(BOB.user_key) is None
    assert directory.device(BOB.certificate.mailbox) is None


def named(who: Person, name: str, time_ms: int = 1) -> Register:
    """Return the person's registration under another name."""
    signed = Registration.sign(who.user, relay_id=RELAY, name=Name(name), time_ms=time_ms)
    return register(replace(who, registration=signed))


@pytest.mark.parametrize("name", ["AIice", "al1ce", "ALlCE", "alice."])
def test_a_name_that_looks_like_a_taken_one_is_refused(name: str) -> None:
    directory = Directory(RELAY, 100)
    directory.register(register(ALICE))
    with pytest.raises(NameTaken, match=f"looks like {name}"):
        directory.register(named(BOB, name))
    assert directory.account(BOB.user_key) is None
    assert directory.by_name(name) is None
    assert directory.register(named(BOB, "alicia")).name == "alicia"


def test_a_name_of_another_script_that_looks_the_same_is_refused() -> None:
    directory = Directory(RELAY, 100)
    directory.register(named(ALICE, "coco"))
    with pytest.raises(NameTaken):
        directory.register(named(BOB, "\u0441\u043e\u0441\u043e"))


def test_only_the_present_spelling_keeps_others_from_names_that_look_like_it() -> None:
    directory = Directory(RELAY, 100)
    directory.register(named(ALICE, "anIta", time_ms=1))
    with pytest.raises(NameTaken):
        directory.register(named(BOB, "anlta"))
    directory.register(named(ALICE, "Anita", time_ms=2))
    directory.register(named(BOB, "anlta"))
    with pytest.raises(NameTaken):
        directory.register(named(ALICE, "anIta", time_ms=3))
    account = directory.account(ALICE.user_key)
    assert account is not None
    assert account.name == "Anita"


def test_registering_again_keeps_the_devices_and_what_they_left() -> None:
    directory, device = filled(b"1")
    account = directory.register(register(ALICE))
    assert list(account.devices.values()) == [device]
    assert device.bundle == ALICE.bundle
    assert claim(directory, CAROL) == b"1"


def test_a_newer_list_adds_and_removes_devices() -> None:
    directory, device = filled()
    other = second_device()
    account = directory.register(register(ALICE, other, sequence=2))
    assert directory.device(ALICE.certificate.mailbox) is device
    assert directory.device(other.mailbox) is not None
    device_list = DeviceList.sign(
        ALICE.user, sequence=3, previous_hash=account.device_list.hash, certificates=(other,)
    )
    assert directory.register(Register(ALICE.registration, device_list, (other,))) is account
    assert directory.device(ALICE.certificate.mailbox) is None
    assert list(account.devices) == [other.device_id]


def test_another_certificate_makes_a_device_new() -> None:
    directory, device = filled(b"1")
    renewed = make_certificate(ALICE.user, SigningKey(b"2" * 32))
    assert renewed.device_id == ALICE.certificate.device_id
    device_list = DeviceList.sign(
        ALICE.user, sequence=2, previous_hash=ALICE.device_list.hash, certificates=(renewed,)
    )
    account = directory.register(Register(ALICE.registration, device_list, (renewed,)))
    [new] = account.devices.values()
    assert new is not device
    assert new.certificate == renewed
    assert new.bundle is None


def test_old_forked_and_detached_lists_are_refused() -> None:
    directory = Directory(RELAY, 100)
    other = second_device()
    two = register(ALICE, other, sequence=2)
    account = directory.register(two)
    third = DeviceList.sign(
        ALICE.user,
        sequence=3,
        previous_hash=ALICE.device_list.hash,
        certificates=(ALICE.certificate,),
    )
    for frame in (
        register(ALICE),
        register(ALICE, sequence=2),
        Register(ALICE.registration, third, (ALICE.certificate,)),
    ):
        with pytest.raises(LoginRefused):
            directory.register(frame)
    assert account.device_list == two.device_list
    assert len(account.devices) == 2


def test_the_list_and_the_certificates_must_agree() -> None:
    directory, other = Directory(RELAY, 100), second_device()
    both = register(ALICE, other)
    twin = make_certificate(ALICE.user, SigningKey(b"2" * 32))
    for frame in (
        Register(both.registration, both.device_list, (other,)),
        Register(both.registration, both.device_list, (*both.certificates, other)),
        Register(both.registration, register(ALICE).device_list, both.certificates),
        register(ALICE, twin),
    ):
        with pytest.raises(RemoteProtocolError):
            directory.register(frame)
    assert directory.account(ALICE.user_key) is None


def test_an_older_registration_does_not_bring_back_an_older_spelling() -> None:
    directory = Directory(RELAY, 100)
    newer = Registration.sign(
        ALICE.user,
        relay_id=RELAY,
        name=Name("ALICE"),
        time_ms=ALICE.registration.time_ms + 1,
    )
    directory.register(register(replace(ALICE, registration=newer)))
    assert directory.register(register(ALICE)).name == "ALICE"


# Prekeys ------------------------------------------------------------------------------------------


def test_a_person_without_any_bundle_is_not_shown() -> None:
    directory = Directory(RELAY, 100)
    account = directory.register(register(ALICE))
    assert directory.publish(account, CAROL, 0) is None


def test_what_is_shown_verifies_and_leaves_out_devices_without_a_bundle() -> None:
    directory, _ = filled(b"1")
    account = directory.register(register(ALICE, second_device(), sequence=2))
    user = directory.publish(account, CAROL, 0)
    assert isinstance(user, PublishedUser)
    assert [device.certificate for device in user.devices] == [ALICE.certificate]
    verify_published(user, pin=ALICE.user_key, relay_id=RELAY, highest=None)


def test_a_one_time_key_is_claimed_once_by_claimant_and_day() -> None:
    directory, _ = filled(b"1", b"2", b"3")
    assert claim(directory, None) is None
    assert claim(directory, CAROL) == b"1"
    assert claim(directory, CAROL) is None
    assert claim(directory, DAVE) == b"2"
    assert claim(directory, CAROL, day=1) == b"3"
    assert claim(directory, DAVE, day=1) is None


def test_whoever_got_none_gets_one_when_there_are_some_again() -> None:
    directory, device = filled()
    assert claim(directory, CAROL) is None
    directory.accept_prekeys(device, Publish(1, None, keys(b"1")))
    assert claim(directory, CAROL) == b"1"


def test_claims_of_earlier_days_are_forgotten() -> None:
    directory, device = filled(b"1", b"2")
    claim(directory, CAROL)
    claim(directory, DAVE, day=1)
    assert device.claimed_on == {DAVE: 1}


def test_a_key_that_waits_is_not_kept_twice() -> None:
    directory, device = filled(b"1", b"2")
    directory.accept_prekeys(device, Publish(1, None, keys(b"2", b"3", b"3")))
    assert [claim(directory, UserKey(bytes([n]) * 32)) for n in range(4)] == [
        b"1",
        b"2",
        b"3",
        None,
    ]


def test_the_newest_keys_are_kept() -> None:
    directory, device = filled()
    signed = keys(*(b"%d" % number for number in range(MAX_STORED_ONE_TIME_KEYS + 50)))
    for start in range(0, len(signed), 100):
        directory.accept_prekeys(device, Publish(1, None, signed[start : start + 100]))
    assert tuple(device.one_time_keys) == signed[50:]


def test_a_bundle_is_replaced_by_a_later_one_only() -> None:
    directory, device = filled()
    directory.accept_prekeys(device, Publish(1, ALICE.bundle, ()))
    later = make_bundle(ALICE.signer, ALICE.certificate, epoch=4)
    directory.accept_prekeys(device, Publish(1, later, ()))
    other = replace_fallback(later)
    for bundle in (ALICE.bundle, other):
        with pytest.raises(RemoteProtocolError, match="older"):
            directory.accept_prekeys(device, Publish(1, bundle, keys(b"1")))
    assert device.bundle == later
    assert not device.one_time_keys


def replace_fallback(bundle: PrekeyBundle) -> PrekeyBundle:
    """Return another bundle of the same epoch."""
    return PrekeyBundle.sign(
        ALICE.signer,
        ALICE.certificate,
        epoch=bundle.epoch,
        suites=bundle.suites,
        envelope_key=bundle.envelope_key,
        hybrid_key=bundle.hybrid_key,
        fallback_key=Prekey(b"g" * 32),
        not_before_ms=bundle.not_before_ms,
        not_after_ms=bundle.not_after_ms,
    )


@pytest.mark.parametrize(
    "publish",
    [
        Publish(1, make_bundle(BOB.signer, ALICE.certificate, epoch=4), ()),
        Publish(1, make_bundle(BOB.signer, BOB.certificate, epoch=4), ()),
        Publish(1, None, keys(b"1", who=BOB)),
        Publish(1, None, keys(b"1", epoch=4)),
        Publish(1, make_bundle(ALICE.signer, ALICE.certificate, 4), keys(b"1", who=BOB)),
    ],
    ids=["forged", "of another", "another's key", "key of a later epoch", "good and bad"],
)
def test_prekeys_that_do_not_hold_change_nothing(publish: Publish) -> None:
    directory, device = filled(b"1")
    with pytest.raises((InvalidSignature, RemoteProtocolError)):
        directory.accept_prekeys(device, publish)
    assert device.bundle == ALICE.bundle
    assert len(device.one_time_keys) == 1


def test_a_full_directory_takes_no_new_account_and_knows_the_old_ones() -> None:
    directory = Directory(RELAY, 1)
    directory.register(register(ALICE))
    with pytest.raises(LimitExceeded):
        directory.register(register(BOB))
    assert directory.by_name("Bob") is None
    assert directory.register(register(ALICE)).name == "Alice"
