"""Where the key of a profile is kept: every way, every change of it, and every damage."""

import base64
import hashlib
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import msgspec
import pytest

from securechat.client.profiles.profile import Profile, open_state, open_vault
from securechat.client.profiles.vault import VAULT_KEY, Vault
from securechat.crypto.passphrase import Hardness, Passphrase
from securechat.errors import FileProblem, PassphraseRefused, UsageError
from securechat.identity.names import parse_name
from securechat.store.encrypted import VaultKey
from tests.pure.crypto.cheap_keys import make_keys_cheap
from tests.sockets.crashes import survives
from tests.sockets.fake_keyring import FakeKeyring

ALICE = parse_name("Alice")
KEY = VaultKey(hashlib.sha256(b"a key").digest())
OLD, NEW = Passphrase("the old passphrase"), Passphrase("the new passphrase")
ROWS = {("kind", b"key"): b"value"}
MAX_STEPS = 60


@pytest.fixture(autouse=True)
def derived(monkeypatch: pytest.MonkeyPatch) -> list[Hardness]:
    return make_keys_cheap(monkeypatch)


@pytest.fixture(autouse=True)
def ring() -> Iterator[FakeKeyring]:
    real, fake = keyring.get_keyring(), FakeKeyring()
    keyring.set_keyring(fake)
    yield fake
    keyring.set_keyring(real)


def under(directory: Path, passphrase: Passphrase) -> Vault:
    vault = Vault(directory, ALICE)
    vault.keep_under_passphrase(KEY, passphrase)
    return vault


def opened(directory: Path, *tries: Passphrase) -> VaultKey:
    return Vault(directory, ALICE).open(lambda: tries)


def never() -> Iterator[Passphrase]:
    raise AssertionError("nothing asks for a passphrase here")


def test_a_new_key_is_random_and_is_kept_when_it_is_told(tmp_path: Path) -> None:
    vault = Vault(tmp_path, ALICE)
    keys = [vault.open(never) for _ in range(2)]
    assert keys[0] != keys[1]
    assert len(keys[0].secret) == 32
    assert vault.is_new
    vault.keep_in_file(keys[0])
    assert not vault.is_new
    assert Vault(tmp_path, ALICE).open(never) == keys[0]
    assert stat.S_IMODE(vault.path.stat().st_mode) == 0o600


def test_nothing_shows_the_key(tmp_path: Path) -> None:
    vault = Vault(tmp_path, ALICE)
    vault.keep_in_file(KEY)
    for shown in (repr(KEY), repr(vault._kept), repr(vault)):
        assert "secret" not in shown.lower().replace("(secret)", "")
        assert str(KEY.secret)[2:10] not in shown


def test_under_a_passphrase_only_that_one_opens(tmp_path: Path, derived: list[Hardness]) -> None:
    vault = under(tmp_path, NEW)
    assert opened(tmp_path, NEW) == KEY
    assert opened(tmp_path, OLD, OLD, NEW) == KEY
    with pytest.raises(PassphraseRefused, match="not the passphrase of Alice") as refused:
        opened(tmp_path, OLD, OLD, OLD)
    assert refused.value.exit_status == 6
    assert set(derived) == {Hardness()}
    data = vault.path.read_bytes()
    for form in (KEY.secret, KEY.secret.hex().encode(), base64.b64encode(KEY.secret)):
        assert form not in data


def test_two_profiles_of_one_passphrase_have_nothing_in_common(tmp_path: Path) -> None:
    files = []
    for number in range(2):
        directory = tmp_path / str(number)
        directory.mkdir()
        files.append(msgspec.json.decode(under(directory, NEW).path.read_bytes()))
    assert all(files[0][part] != files[1][part] for part in ("salt", "nonce", "sealed"))


@pytest.mark.parametrize(
    "cost",
    [{"passes": 2}, {"memory_bytes": (256 << 20) - 1}, {"passes": 1000}, {"memory_bytes": 1 << 70}],
)
def test_another_cost_is_refused_before_anything_is_derived(
    tmp_path: Path, derived: list[Hardness], cost: dict[str, int]
) -> None:
    edit(under(tmp_path, NEW).path, **cost)
    derived.clear()
    with pytest.raises(FileProblem, match="Somebody has changed"):
        Vault(tmp_path, ALICE).open(never)
    assert derived == []


def test_a_raised_cost_is_no_longer_what_was_sealed(tmp_path: Path) -> None:
    edit(under(tmp_path, NEW).path, passes=4)
    with pytest.raises(PassphraseRefused):
        opened(tmp_path, NEW)


@pytest.mark.parametrize("part", ["salt", "nonce", "sealed"])
def test_no_changed_byte_opens(tmp_path: Path, part: str) -> None:
    path = under(tmp_path, NEW).path
    good = path.read_bytes()
    data = base64.b64decode(msgspec.json.decode(good)[part])
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        path.write_bytes(good)
        edit(path, **{part: base64.b64encode(changed).decode()})
        with pytest.raises(PassphraseRefused):
            opened(tmp_path, NEW)


def test_the_key_of_one_profile_does_not_open_as_anothers(tmp_path: Path) -> None:
    under(tmp_path, NEW)
    assert Vault(tmp_path, parse_name("ALICE")).open(lambda: [NEW]) == KEY
    with pytest.raises(PassphraseRefused):
        Vault(tmp_path, parse_name("Mallory")).open(lambda: [NEW])


@pytest.mark.parametrize("way", ["file", "passphrase", "keyring"])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, way: str) -> None:
    vault = Vault(tmp_path, ALICE)
    change(way)(vault)
    good = vault.path.read_bytes()
    fields = msgspec.json.decode(good)
    broken = [good[:size] for size in range(len(good) - 1)]
    broken += [msgspec.json.encode({**fields, "v": 2}), msgspec.json.encode({**fields, "x": 1})]
    broken += [msgspec.json.encode({**fields, "kept": "elsewhere"})]
    for data in broken:
        vault.path.write_bytes(data)
        with pytest.raises(FileProblem, match="damaged, or a newer securechat"):
            Vault(tmp_path, ALICE)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    vault = Vault(tmp_path, ALICE)
    vault.keep_in_file(KEY)
    vault.path.chmod(0o644)
    with pytest.raises(FileProblem) as problem:
        Vault(tmp_path, ALICE)
    assert problem.value.try_next == f"chmod 600 {vault.path}"


def test_a_profile_without_its_key_is_left_as_it_is(tmp_path: Path) -> None:
    with Profile(tmp_path, ALICE, never) as profile:
        profile.state.commit(ROWS)
        assert profile.has_new_key
    key, state = profile.directory / VAULT_KEY, profile.directory / "state.db"
    before = state.read_bytes()
    key.rename(tmp_path / "away")
    with pytest.raises(FileProblem, match="vault-key is not there"):
        Profile(tmp_path, ALICE, never)
    assert not key.exists()
    assert state.read_bytes() == before
    (tmp_path / "away").rename(key)
    with Profile(tmp_path, ALICE, never) as profile:
        assert profile.state.load() == ROWS
        assert not profile.has_new_key


# The keyring ----------------------------------------------------------------------------------


def test_in_the_keyring_the_file_has_only_the_name_of_the_entry(
    tmp_path: Path, ring: FakeKeyring
) -> None:
    vault = Vault(tmp_path, ALICE)
    vault.keep_in_keyring(KEY)
    assert opened(tmp_path) == KEY
    assert list(ring.secrets.values()) == [KEY.secret.hex()]
    assert KEY.secret.hex().encode() not in vault.path.read_bytes()
    assert base64.b64encode(KEY.secret) not in vault.path.read_bytes()


def test_an_entry_that_is_used_no_more_is_removed(tmp_path: Path, ring: FakeKeyring) -> None:
    vault = Vault(tmp_path, ALICE)
    vault.keep_in_keyring(KEY)
    vault.keep_in_keyring(KEY)
    assert len(ring.secrets) == 1
    vault.keep_in_file(KEY)
    assert ring.secrets == {}


def test_a_keyring_that_keeps_nothing_is_not_used(tmp_path: Path, ring: FakeKeyring) -> None:
    ring.forgetful = True
    with pytest.raises(FileProblem, match="does not keep what it is given"):
        Vault(tmp_path, ALICE).keep_in_keyring(KEY)
    assert not (tmp_path / VAULT_KEY).exists()


def test_a_keyring_that_is_none_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeKeyring, "priority", 0.5)
    with pytest.raises(FileProblem, match="there is none that encrypts"):
        Vault(tmp_path, ALICE).keep_in_keyring(KEY)


def test_a_keyring_that_is_locked_or_lacks_the_entry(tmp_path: Path, ring: FakeKeyring) -> None:
    vault = Vault(tmp_path, ALICE)
    vault.keep_in_keyring(KEY)
    ring.locked = True
    with pytest.raises(FileProblem, match="locked"):
        opened(tmp_path)
    with pytest.raises(FileProblem, match="locked"):
        vault.keep_in_keyring(KEY)
    ring.locked = False
    for entry in ring.secrets:
        ring.secrets[entry] = "no key"
    with pytest.raises(FileProblem, match="damaged"):
        opened(tmp_path)
    for entry in ring.secrets:
        ring.secrets[entry] = "ab"
    with pytest.raises(FileProblem, match="damaged"):
        opened(tmp_path)
    ring.secrets.clear()
    with pytest.raises(FileProblem, match="has no entry"):
        opened(tmp_path)


def test_without_the_extra_its_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    with pytest.raises(UsageError) as error:
        Vault(tmp_path, ALICE).keep_in_keyring(KEY)
    assert error.value.try_next == "pip install 'securechat-lan[keyring]'"


# Changes that are killed ----------------------------------------------------------------------


def change(way: str) -> Callable[[Vault], None]:
    return {
        "file": lambda vault: vault.keep_in_file(KEY),
        "passphrase": lambda vault: vault.keep_under_passphrase(KEY, NEW),
        "keyring": lambda vault: vault.keep_in_keyring(KEY),
    }[way]


def make_profile(directory: Path, way: str) -> None:
    vault = Vault(directory, ALICE)
    if way == "passphrase":
        vault.keep_under_passphrase(KEY, OLD)
    else:
        change(way)(vault)
    state = open_state(directory, KEY)
    state.commit(ROWS)
    state.close()


@pytest.mark.parametrize("after", ["file", "passphrase", "keyring"])
@pytest.mark.parametrize("before", ["file", "passphrase", "keyring"])
def test_a_change_killed_anywhere_leaves_a_profile_that_opens(
    tmp_path: Path, before: str, after: str
) -> None:
    for step in range(MAX_STEPS):
        directory = tmp_path / str(step)
        directory.mkdir()
        make_profile(directory, before)
        vault = Vault(directory, ALICE)
        done = survives(step, lambda: change(after)(vault))  # noqa: B023
        again = Vault(directory, ALICE)
        state = open_state(directory, open_vault(again, lambda: [OLD, NEW]))
        assert state.load() == ROWS
        state.close()
        assert {each.name for each in directory.iterdir()} == {VAULT_KEY, "state.db"}
        shutil.rmtree(directory)
        if done:
            break
    assert done
    assert step >= 4


def edit(path: Path, **changes: object) -> None:
    """Change fields of a file of JSON."""
    path.write_bytes(msgspec.json.encode({**msgspec.json.decode(path.read_bytes()), **changes}))
