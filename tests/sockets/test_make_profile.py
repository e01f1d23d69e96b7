"""A profile that is made with all its rows: it is there whole, or not at all."""

import shutil
import stat
from pathlib import Path

import pytest

from securechat.client.profiles.profile import Profile, make_profile, profile_directory
from securechat.client.profiles.vault import Vault
from securechat.crypto.passphrase import Passphrase
from securechat.errors import FileProblem, PassphraseRefused
from securechat.identity.names import parse_name
from securechat.store.state import StateFile
from tests.pure.crypto.cheap_keys import make_keys_cheap
from tests.sockets.crashes import survives

ALICE = parse_name("Alice")
RIGHT, WRONG = Passphrase("the right one"), Passphrase("the wrong one")
ROWS = {("kind", bytes([number])): b"value" * number for number in range(9)}
MAX_STEPS = 200


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    make_keys_cheap(monkeypatch)


def rows_of(home: Path, *passphrases: Passphrase) -> dict[tuple[str, bytes], bytes]:
    with Profile(home, ALICE, lambda: passphrases) as profile:
        assert not profile.has_new_key
        return profile.state.load()


def test_it_has_its_rows_and_is_its_owners_alone(tmp_path: Path) -> None:
    make_profile(tmp_path / "home", ALICE, ROWS, None)
    assert rows_of(tmp_path / "home") == ROWS
    for path in (tmp_path / "home").rglob("*"):
        allowed = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == allowed, path


def test_under_a_passphrase_its_key_never_lies_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Vault, "keep_in_file", pytest.fail)
    make_profile(tmp_path, ALICE, ROWS, RIGHT)
    assert rows_of(tmp_path, RIGHT) == ROWS
    with pytest.raises(PassphraseRefused):
        rows_of(tmp_path, WRONG)


def test_one_that_was_there_before_is_not_discarded(tmp_path: Path) -> None:
    make_profile(tmp_path, ALICE, ROWS, None)
    Profile(tmp_path, ALICE, tuple).discard_if_new()
    assert rows_of(tmp_path) == ROWS
    Profile(tmp_path, parse_name("Bob"), tuple).discard_if_new()
    assert not profile_directory(tmp_path, parse_name("Bob")).exists()


def test_one_that_is_there_is_left_alone(tmp_path: Path) -> None:
    make_profile(tmp_path, ALICE, ROWS, None)
    with pytest.raises(FileProblem, match="There is a profile of ALICE") as problem:
        make_profile(tmp_path, parse_name("ALICE"), {}, None)
    assert f"mv {profile_directory(tmp_path, ALICE)}" in problem.value.try_next
    assert rows_of(tmp_path) == ROWS


def test_what_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise FileProblem("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(StateFile, "commit", fail)
        with pytest.raises(FileProblem, match="the disk is full"):
            make_profile(tmp_path, ALICE, ROWS, None)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["lock"]
    make_profile(tmp_path, ALICE, ROWS, None)
    assert rows_of(tmp_path) == ROWS


def test_a_kill_at_any_step_leaves_all_of_it_or_nothing(tmp_path: Path) -> None:
    seen = set()
    for step in range(MAX_STEPS):
        home = tmp_path / str(step)
        is_done = survives(step, lambda home=home: make_profile(home, ALICE, ROWS, RIGHT))
        is_there = profile_directory(home, ALICE).exists()
        seen.add(is_there)
        if not is_there:
            make_profile(home, ALICE, ROWS, RIGHT)
        assert rows_of(home, RIGHT) == ROWS
        shutil.rmtree(home)
        if is_done:
            break
    else:
        pytest.fail(f"not done after {MAX_STEPS} steps")
    assert seen == {False, True}
