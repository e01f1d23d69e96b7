"""What is said when a device's state cannot be used; the tests of a client keep it in use."""

import errno
import os
import stat
from itertools import pairwise
from pathlib import Path

import pytest

from securechat.errors import FileProblem
from securechat.store.encrypted import VaultKey, connect
from securechat.store.state import StateFile

PAGE_BYTES = 4096
KEY = VaultKey(bytes(range(32)))


def test_a_file_that_may_not_be_read_is_not_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read all, so the refusal is made here."""
    path = tmp_path / "a home" / "state.db"

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        with pytest.raises(FileProblem) as problem:
            StateFile(path, KEY)
    assert problem.value.what == f"Cannot open {path}: Permission denied"
    assert problem.value.try_next == f"ls -l '{path}'; if it is yours: chmod 600 '{path}'"


def test_only_a_damaged_file_is_to_be_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    state = StateFile(path, KEY)
    state.commit({("kind", b"key"): b"value"})
    other = connect(path, KEY)
    other.execute("BEGIN EXCLUSIVE")
    state._database.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(FileProblem, match="is locked") as problem:
        state.commit({("kind", b"key"): None})
    assert "moved away" not in problem.value.try_next
    other.close()
    state.close()
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(FileProblem) as problem:
        StateFile(path, KEY)
    assert "a damaged file can be moved away" in problem.value.try_next


def test_a_state_that_others_can_reach_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    StateFile(path, KEY).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(FileProblem, match="mode 0640") as refused:
        StateFile(path, KEY)
    assert refused.value.try_next == f"chmod 600 {path}"


def test_another_key_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    StateFile(path, KEY).close()
    before = path.read_bytes()
    with pytest.raises(FileProblem, match="it is damaged, or its key is another one") as problem:
        StateFile(path, VaultKey(bytes(32)))
    assert problem.value.try_next.startswith(f"ls -l {tmp_path};")
    assert path.read_bytes() == before


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a closed state of short values and, read last, long ones that go on on other pages."""
    path = tmp_path / "state.db"
    state = StateFile(path, KEY)
    state.commit({("1 short", bytes([number])): bytes(100) for number in range(80)})
    state.commit({("2 long", bytes([number])): b"x" * 1500 * number for number in range(8)})
    state.close()
    return path


def test_no_flipped_bit_is_read(path: Path) -> None:
    good = path.read_bytes()
    for place in range(0, len(good), 509):  # in every page, at other places of it
        path.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with pytest.raises(FileProblem, match="it is damaged"):
            StateFile(path, KEY).load()


def test_no_two_swapped_pages_are_read(path: Path) -> None:
    """A page is bound to its place, so no row gets into the place of another."""
    pages = read_pages(path)
    for one, other in pairwise(range(len(pages))):
        swapped = list(pages)
        swapped[one], swapped[other] = pages[other], pages[one]
        path.write_bytes(b"".join(swapped))
        with pytest.raises(FileProblem, match="it is damaged"):
            StateFile(path, KEY).load()


def test_no_page_of_zeros_is_read(path: Path) -> None:
    pages = read_pages(path)
    for place in range(len(pages)):
        path.write_bytes(b"".join([*pages[:place], bytes(PAGE_BYTES), *pages[place + 1 :]]))
        with pytest.raises(FileProblem, match="it is damaged"):
            StateFile(path, KEY).load()


def read_pages(path: Path) -> list[bytes]:
    data = path.read_bytes()
    pages = [data[at : at + PAGE_BYTES] for at in range(0, len(data), PAGE_BYTES)]
    assert len(pages) > 10
    return pages


def test_nothing_is_written_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"garbage" * 1000)
    path.chmod(0o600)
    with pytest.raises(FileProblem):
        StateFile(path, KEY)
    assert capfd.readouterr() == ("", "")
