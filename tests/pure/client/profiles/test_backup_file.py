"""The file of a backup: the right passphrase opens it whole, and nothing else opens anything."""

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from securechat.client.profiles import backup_file as module
from securechat.client.profiles.backup import Backup
from securechat.client.profiles.backup_file import open_backup, seal_backup
from securechat.crypto.passphrase import Hardness, Passphrase
from securechat.errors import FileProblem, PassphraseRefused
from tests.pure.client.profiles.test_backup import IDENTITY, SEED, backup, bob
from tests.pure.crypto.cheap_keys import make_keys_cheap

MIB = 1 << 20
RIGHT, WRONG = Passphrase("the right one"), Passphrase("the wrong one")
VECTORS = Path(__file__).parents[3] / "vectors" / "e2e.json"
PATH = Path("alice.backup")
BACKUP = backup(bob(accepted=True))
PASSES, MEMORY, HEAD = 18, 26, 74
"""Where the fields of the head begin, and where it ends."""


@pytest.fixture(autouse=True)
def derived(monkeypatch: pytest.MonkeyPatch) -> list[Hardness]:
    return make_keys_cheap(monkeypatch)


def opened(data: bytes, *tries: Passphrase) -> Backup:
    return open_backup(data, lambda: tries or (RIGHT,), PATH)


def never() -> Iterator[Passphrase]:
    raise AssertionError("nothing asks for a passphrase here")


def changed(data: bytes, place: int, value: bytes) -> bytes:
    return data[:place] + value + data[place + len(value) :]


def test_the_vector_opens_with_its_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # with Argon2
    vector = json.loads(VECTORS.read_text(encoding="utf-8"))["backup"]
    backup = opened(bytes.fromhex(vector["file"]), Passphrase(vector["passphrase"]))
    assert backup.encode().hex() == vector["plaintext"]


def test_the_passphrase_opens_it(derived: list[Hardness]) -> None:
    data = seal_backup(BACKUP, RIGHT)
    assert opened(data) == BACKUP
    assert opened(data, WRONG, WRONG, RIGHT) == BACKUP
    assert set(derived) == {Hardness()}


def test_another_passphrase_does_not() -> None:
    with pytest.raises(PassphraseRefused, match=r"alice\.backup does not open") as refused:
        opened(seal_backup(BACKUP, RIGHT), WRONG, WRONG, WRONG)
    assert refused.value.exit_status == 6


def test_two_backups_of_the_same_have_nothing_in_common() -> None:
    one, other = seal_backup(BACKUP, RIGHT), seal_backup(BACKUP, RIGHT)
    assert one[:34] == other[:34]  # magic, version, cost
    assert one[34:50] != other[34:50]
    assert one[50:74] != other[50:74]
    assert one[74:90] != other[74:90]


def test_no_secret_and_no_name_is_in_it_as_it_is() -> None:
    data = seal_backup(BACKUP, RIGHT)
    for secret in (SEED, IDENTITY.device_list.user_key, b"bob", b"Alice"):
        assert secret not in data
        assert secret.hex().encode() not in data.lower()
        assert base64.b64encode(secret).rstrip(b"=") not in data


def test_no_flipped_bit_opens_and_all_damage_looks_the_same() -> None:
    data = seal_backup(BACKUP, RIGHT)
    said = set()
    for place in range(len(data)):
        for bit in (1, 128):
            with pytest.raises((FileProblem, PassphraseRefused)) as refused:
                opened(changed(data, place, bytes([data[place] ^ bit])))
            if place >= PASSES:
                assert isinstance(refused.value, PassphraseRefused)
                said.add(str(refused.value))
    assert len(said) == 1


def test_no_part_of_it_opens() -> None:
    data = seal_backup(BACKUP, RIGHT)
    for size in range(len(data)):
        with pytest.raises((FileProblem, PassphraseRefused)):
            opened(data[:size])
    with pytest.raises(PassphraseRefused):
        opened(data + b"\0")


@pytest.mark.parametrize(
    ("passes", "memory_bytes"),
    [
        *((0, 256 * MIB), (2, 256 * MIB), (3, 256 * MIB - 1), (1, 8192)),
        *((17, 256 * MIB), (3, 1024 * MIB + 1), (2**64 - 1, 2**64 - 1)),
    ],
)
def test_a_cost_out_of_bounds_is_refused_before_anything_is_asked_or_derived(
    passes: int, memory_bytes: int, derived: list[Hardness]
) -> None:
    data = changed(seal_backup(BACKUP, RIGHT), PASSES, struct.pack(">QQ", passes, memory_bytes))
    derived.clear()
    with pytest.raises(PassphraseRefused):
        open_backup(data, never, PATH)
    assert derived == []


@pytest.mark.parametrize(("place", "value"), [(PASSES, 4), (MEMORY, 256 * MIB + 1)])
def test_a_raised_cost_is_no_longer_what_was_sealed(place: int, value: int) -> None:
    with pytest.raises(PassphraseRefused):
        opened(changed(seal_backup(BACKUP, RIGHT), place, struct.pack(">Q", value)))


def test_another_version_is_not_tried() -> None:
    data = seal_backup(BACKUP, RIGHT)
    with pytest.raises(FileProblem, match=r"newer securechat \(format 2\)") as problem:
        open_backup(changed(data, 17, b"\2"), never, PATH)
    assert "securechat --version" in problem.value.try_next
    with pytest.raises(PassphraseRefused):
        open_backup(changed(data, 17, b"\0"), never, PATH)


@pytest.mark.parametrize("data", [b"", b"hello", b"securechat plain" * 20, b"x" * 1000])
def test_another_file_is_said_to_be_no_backup(data: bytes) -> None:
    with pytest.raises(FileProblem, match=r"alice\.backup is no backup"):
        open_backup(data, never, PATH)


def test_what_opens_and_is_no_backup_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Backup, "encode", lambda _: b"\x90")
    with pytest.raises(PassphraseRefused):
        opened(seal_backup(BACKUP, RIGHT))


def test_none_is_made_that_is_too_large_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    size_bytes = len(seal_backup(BACKUP, RIGHT))
    monkeypatch.setattr(module, "MAX_SIZE_BYTES", size_bytes)
    assert len(seal_backup(BACKUP, RIGHT)) == size_bytes
    monkeypatch.setattr(module, "MAX_SIZE_BYTES", size_bytes - 1)
    with pytest.raises(FileProblem, match="would be larger"):
        seal_backup(BACKUP, RIGHT)
