"""Several files that appear together or not at all, with real files."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from securechat.errors import FileProblem
from securechat.transport.staged_files import NewFile, finish_interrupted, install, interrupted
from tests.sockets.crashes import survives

NAMES = ("b.pem", "b-key.pem", "a.pem", "a-key.pem")
MAX_STEPS = 80


def contents(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def files(*names, data=b"new"):
    return {name: NewFile(data + name.encode()) for name in names}


def expected(*names, data=b"new"):
    return {name: data + name.encode() for name in names}


def test_all_files_appear_with_their_modes_and_nothing_else(tmp_path):
    install(tmp_path, files(*NAMES) | {"open": NewFile(b"o", 0o644)})
    assert contents(tmp_path) == expected(*NAMES) | {"open": b"o"}
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "a-key.pem").stat().st_mode & 0o777 == 0o600


def test_finishing_with_nothing_to_finish_does_nothing(tmp_path):
    (tmp_path / "a.pem").write_bytes(b"kept")
    assert not interrupted(tmp_path)
    assert finish_interrupted(tmp_path, NAMES) is None
    assert contents(tmp_path) == {"a.pem": b"kept"}


def test_files_appear_in_the_order_that_was_asked_for(tmp_path):
    appeared = []
    for step in range(MAX_STEPS):
        directory = tmp_path / str(step)
        directory.mkdir()
        done = survives(step, lambda: install(directory, files(*NAMES)))  # noqa: B023
        present = [name for name in NAMES if (directory / name).exists()]
        assert present == list(NAMES[: len(present)])
        appeared.append(len(present))
        if done:
            break
    assert done
    assert appeared == sorted(appeared)
    assert set(appeared) == set(range(len(NAMES) + 1))


@settings(deadline=None, max_examples=100)
@given(deaths=st.lists(st.integers(0, 50), max_size=5), replaced=st.sets(st.sampled_from(NAMES)))
def test_any_number_of_deaths_ends_in_all_or_nothing(tmp_path_factory, deaths, replaced):
    directory = tmp_path_factory.mktemp("deaths")
    old = expected(*replaced, data=b"old")
    for name, data in old.items():
        (directory / name).write_bytes(data)

    def run_until_death():
        finish_interrupted(directory, NAMES)
        if set(NAMES) <= set(contents(directory)):
            return
        install(directory, files(*NAMES))

    for step in deaths:
        survives(step, run_until_death)
    finish_interrupted(directory, NAMES)
    assert contents(directory) in (old, expected(*NAMES))
    assert [path for path in directory.iterdir() if path.is_dir()] == []


def test_everything_is_on_the_disk_before_the_commit_point(tmp_path, monkeypatch):
    log = []
    names = {}
    real = {name: getattr(os, name) for name in ("open", "write", "fsync", "rename")}

    def spy_open(path, *rest, **keywords):
        descriptor = real["open"](path, *rest, **keywords)
        names[descriptor] = os.path.basename(path)
        return descriptor

    def spy(name):
        def wrapper(target, *rest):
            log.append((name, names.get(target, str(target))))
            return real[name](target, *rest)

        return wrapper

    monkeypatch.setattr(os, "open", spy_open)
    for name in ("write", "fsync", "rename"):
        monkeypatch.setattr(os, name, spy(name))
    install(tmp_path, files("a.pem", "a-key.pem"))
    assert log[:6] == [
        ("write", "a.pem"),
        ("fsync", "a.pem"),
        ("write", "a-key.pem"),
        ("fsync", "a-key.pem"),
        ("fsync", ".new"),
        ("rename", str(tmp_path / ".new")),
    ]


def test_a_failure_before_the_commit_point_leaves_nothing(tmp_path, monkeypatch):
    def full(descriptor, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(FileProblem):
        install(tmp_path, files(*NAMES))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".new", ".ready"])
def test_a_link_in_the_way_is_refused_and_its_target_untouched(tmp_path, name):
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "a.pem").write_bytes(b"precious")
    directory = tmp_path / "directory"
    directory.mkdir()
    (directory / name).symlink_to(target)
    with pytest.raises(FileProblem) as problem:
        finish_interrupted(directory, NAMES)
    assert str(directory / name) in problem.value.try_next
    assert contents(target) == {"a.pem": b"precious"}


def test_the_repr_of_a_file_does_not_show_its_content():
    assert "secret" not in repr(NewFile(b"secret"))
