"""Files that are written piece by piece and have their name only when they are whole."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from securechat.errors import FileProblem
from securechat.transport.private_files import writing_new
from tests.sockets.crashes import survives


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def failing(number: int) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("may_replace", [True, False])
def test_the_name_is_given_at_the_end(tmp_path: Path, may_replace: bool) -> None:
    path = tmp_path / "file"
    before = os.umask(0)
    try:
        with writing_new(path, may_replace=may_replace) as file:
            file.write(b"one ")
            (temporary,) = tmp_path.iterdir()
            assert temporary != path
            assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
            file.write(b"two")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"one two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == {"file"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_block_that_does_not_end_well_leaves_nothing(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def write() -> NoReturn:
        with writing_new(tmp_path / "file", may_replace=True) as file:
            file.write(b"one ")
            raise error

    with pytest.raises(error):
        write()
    assert names(tmp_path) == set()


def test_a_name_that_is_taken_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def write() -> None:
        with writing_new(path, may_replace=False) as file:
            file.write(b"new")
            path.write_bytes(b"old")

    with pytest.raises(FileProblem, match="File exists") as problem:
        write()
    assert problem.value.try_next == f"move {path} away first"
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"file"}


def test_it_does_the_same_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    test_the_name_is_given_at_the_end(tmp_path, may_replace=False)
    (tmp_path / "file").unlink()
    test_a_name_that_is_taken_meanwhile_stays(tmp_path)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, call, failing(errno.ENOSPC))
    with (
        pytest.raises(FileProblem, match="No space left") as problem,
        writing_new(path, may_replace=True) as file,
    ):
        file.write(b"new")
    assert "df -h" in problem.value.try_next
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"file"}


@pytest.mark.parametrize("may_replace", [True, False])
def test_under_its_name_it_is_whole_wherever_the_process_dies(
    tmp_path: Path, may_replace: bool
) -> None:
    path = tmp_path / "file"

    def write() -> None:
        with writing_new(path, may_replace=may_replace) as file:
            file.write(b"new")

    seen = set()
    for step in range(20):
        path.unlink(missing_ok=True)
        if may_replace:
            path.write_bytes(b"old")
        done = survives(step, write)
        seen.add(path.read_bytes() if path.exists() else None)
        if done:
            break
    assert done
    assert seen == {b"old" if may_replace else None, b"new"}
