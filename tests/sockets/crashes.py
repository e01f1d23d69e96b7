"""Processes that die between two steps: an exception before the n-th change of the file system."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

CHANGES = ("open", "write", "fsync", "mkdir", "link", "rename", "replace", "unlink", "rmdir")
"""The functions of `os` through which all changes go (`pathlib` calls them too)."""


class Killed(BaseException):
    """The process is gone; no handler for errors may run."""


@contextmanager
def killed_before(step: int) -> Iterator[None]:
    """Raise `Killed` in the block before its change number `step`, counted from 0."""
    with pytest.MonkeyPatch.context() as patch:
        steps_left = step

        def dying(function):
            def wrapper(*arguments, **keywords):
                nonlocal steps_left
                if steps_left == 0:
                    raise Killed
                steps_left -= 1
                return function(*arguments, **keywords)

            return wrapper

        for name in CHANGES:
            patch.setattr(os, name, dying(getattr(os, name)))
        yield


def survives(step: int, action) -> bool:
    """Run `action`, killed before its change number `step`; return whether it had fewer."""
    try:
        with killed_before(step):
            action()
    except Killed:
        return False
    return True
