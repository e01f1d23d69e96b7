"""Files that only their owner reads, with real files."""

import errno
import os
import stat
from contextlib import contextmanager

import pytest

from securechat.errors import Busy, FileProblem
from securechat.transport import private_files
from securechat.transport.private_files import (
    MAX_FILE_BYTES,
    hold_lock,
    is_there,
    make_private_directory,
    read_private,
    read_public,
    replace,
    write_new,
)
from tests.sockets.crashes import survives


@contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_what_is_there(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    assert is_there(tmp_path / "file")
    assert is_there(tmp_path / "link")
    assert not is_there(tmp_path / "nothing")
    assert not is_there(tmp_path / "file" / "below")


def test_what_may_not_be_looked_at_does_not_count_as_missing(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "lstat", refuse)
        with pytest.raises(FileProblem, match="Permission denied") as problem:
            is_there(tmp_path)
    assert problem.value.try_next.startswith("ls -ld ")


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_modes_do_not_depend_on_the_umask(tmp_path, mask):
    with umask(mask):
        make_private_directory(tmp_path / "a" / "b")
        write_new(tmp_path / "a" / "b" / "key", b"secret")
        replace(tmp_path / "a" / "b" / "key", b"other")
    assert mode_of(tmp_path / "a") == mode_of(tmp_path / "a" / "b") == 0o700
    assert mode_of(tmp_path / "a" / "b" / "key") == 0o600
    assert read_private(tmp_path / "a" / "b" / "key") == b"other"


def test_a_file_has_its_mode_from_the_moment_it_exists(tmp_path, monkeypatch):
    seen = []
    write = os.write

    def look_first(descriptor, data):
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", look_first)
    with umask(0):
        write_new(tmp_path / "key", b"secret")
    assert seen == [0o600]


def test_a_directory_that_is_there_stays_as_it_is(tmp_path):
    tmp_path.chmod(0o755)
    make_private_directory(tmp_path)
    assert mode_of(tmp_path) == 0o755


def test_a_file_where_the_directory_should_be_is_a_problem(tmp_path):
    (tmp_path / "x").touch()
    for path in (tmp_path / "x", tmp_path / "x" / "y"):
        with pytest.raises(FileProblem) as problem:
            make_private_directory(path)
        assert problem.value.try_next


@pytest.mark.parametrize("dangling", [True, False])
def test_write_new_follows_no_link_and_overwrites_nothing(tmp_path, dangling):
    target = tmp_path / "target"
    if not dangling:
        target.write_bytes(b"precious")
    (tmp_path / "key").symlink_to(target)
    with pytest.raises(FileProblem) as problem:
        write_new(tmp_path / "key", b"secret")
    assert "move" in problem.value.try_next
    assert target.exists() is not dangling
    assert dangling or target.read_bytes() == b"precious"


def test_replace_takes_the_place_of_a_link_and_leaves_its_target(tmp_path):
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "key").symlink_to(tmp_path / "target")
    replace(tmp_path / "key", b"secret")
    assert not (tmp_path / "key").is_symlink()
    assert (tmp_path / "key").read_bytes() == b"secret"
    assert (tmp_path / "target").read_bytes() == b"precious"


def test_a_replaced_file_is_old_or_new_wherever_the_process_dies(tmp_path):
    path = tmp_path / "key"
    write_new(path, b"old")
    seen = set()
    for step in range(20):
        done = survives(step, lambda: replace(path, b"new"))
        seen.add(path.read_bytes())
        if done:
            break
        replace(path, b"old")
    assert done
    assert seen == {b"old", b"new"}


def test_a_write_in_pieces_is_whole(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    write_new(tmp_path / "key", b"0123456789")
    assert read_private(tmp_path / "key") == b"0123456789"


@pytest.mark.parametrize("store", [write_new, replace])
def test_a_full_disk_leaves_nothing_behind_and_says_what_to_do(tmp_path, monkeypatch, store):
    def full(descriptor, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(FileProblem) as problem:
        store(tmp_path / "key", b"secret")
    assert "df -h" in problem.value.try_next
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["O_NOFOLLOW", "O_EXCL"])
def test_files_are_opened_with_the_flags_that_make_them_safe(tmp_path, monkeypatch, name):
    flags = []
    real_open = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *rest: flags.append(rest) or real_open(path, *rest)
    )
    write_new(tmp_path / "key", b"secret")
    assert flags[0][0] & getattr(os, name)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o666, 0o601])
def test_a_key_that_others_can_reach_is_refused(tmp_path, mode):
    path = tmp_path / "a key"
    write_new(path, b"secret")
    path.chmod(mode)
    with pytest.raises(FileProblem) as problem:
        read_private(path)
    assert problem.value.try_next == f"chmod 600 '{path}'"
    assert read_public(path) == b"secret"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_of_the_owner_alone_is_read(tmp_path, mode):
    write_new(tmp_path / "key", b"secret")
    (tmp_path / "key").chmod(mode)
    assert read_private(tmp_path / "key") == b"secret"


def test_missing_and_oversized_files_and_directories_are_problems(tmp_path):
    (tmp_path / "large").write_bytes(bytes(MAX_FILE_BYTES + 1))
    (tmp_path / "directory").mkdir()
    for name in ("missing", "large", "directory"):
        with pytest.raises(FileProblem) as problem:
            read_public(tmp_path / name)
        assert problem.value.try_next
    assert len(read_public(tmp_path / "large", MAX_FILE_BYTES + 1)) == MAX_FILE_BYTES + 1


def test_a_lock_is_held_by_one_block_at_a_time(tmp_path):
    with hold_lock(tmp_path / "lock"), pytest.raises(Busy), hold_lock(tmp_path / "lock"):
        pass
    with hold_lock(tmp_path / "lock"):
        assert mode_of(tmp_path / "lock") == 0o600


def test_a_lock_file_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(FileProblem), hold_lock(tmp_path / "lock"):
        pass
    assert not (tmp_path / "target").exists()


def test_a_lock_that_was_moved_away_in_the_meantime_is_not_held(tmp_path, monkeypatch):
    """Whoever comes later would hold another file of that name at the same time."""
    path, is_first = tmp_path / "lock", iter((True, False))
    lock = private_files._try_lock

    def move_away_first(descriptor):
        if next(is_first):
            path.rename(tmp_path / "moved")
        return lock(descriptor)

    monkeypatch.setattr(private_files, "_try_lock", move_away_first)
    with pytest.raises(Busy), hold_lock(path):
        pass
    with hold_lock(path):
        pass
