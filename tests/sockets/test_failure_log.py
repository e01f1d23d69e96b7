"""The file of failures: what is in a note, who can read it, and how large it becomes."""

import logging
import os
from pathlib import Path

import pytest

from securechat.cli.failure_log import MAX_BYTES, FailureLog, failures_noted, note_of
from securechat.errors import InternalError, Untrusted


def failing(depth: int = 0) -> None:
    if depth:
        failing(depth - 1)
    text = "a text of somebody"
    raise ValueError(f"{text} cannot be shown")


def record_of(logger: str, says: str, *values: object) -> logging.LogRecord:
    try:
        failing()
    except ValueError as error:
        return logging.LogRecord(
            logger, logging.ERROR, "", 0, says, values, (ValueError, error, error.__traceback__)
        )
    raise AssertionError


def test_a_note_says_where_and_no_value() -> None:
    first, *rest = note_of(record_of("securechat.client", "the handler of %s failed", "bob"))
    assert first.endswith("): the handler of %s failed")
    assert rest[0] == "  builtins.ValueError"
    assert rest[-1].startswith(f"    {__name__}:")
    assert rest[-1].endswith(" failing")


def test_of_others_not_even_what_is_said_is_noted() -> None:
    lines = "\n".join(note_of(record_of("asyncio", "Task <repr of a text> was never retrieved")))
    assert "ERROR asyncio (" in lines
    assert "text" not in lines


def test_a_note_is_bounded() -> None:
    error: Exception = ValueError()
    for _ in range(100):
        later = ValueError()
        later.__cause__ = error
        error = later
    try:
        failing(500)
    except ValueError as deep:
        deep.__cause__ = error
        record = logging.LogRecord(
            "securechat", logging.ERROR, "", 0, "", (), (ValueError, deep, deep.__traceback__)
        )
    assert len(list(note_of(record))) < 100


def test_the_file_is_private_bounded_and_begun_with_the_first_failure(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with failures_noted(tmp_path):
            assert list(tmp_path.iterdir()) == []
            for _ in range(2):
                logging.getLogger("securechat.client").error("the engine failed")
    finally:
        os.umask(before)
    log = tmp_path / "failures.log"
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.read_text().count("the engine failed\n") == 2
    log.write_bytes(bytes(MAX_BYTES + 1))
    with failures_noted(tmp_path):
        logging.getLogger("securechat.client").error("the engine failed")
    assert log.read_text().count("\n") == 1
    assert (tmp_path / "failures.log.1").stat().st_size == MAX_BYTES + 1


def fail_with(error: Exception, home: Path, *, noted: bool) -> None:
    with failures_noted(home):
        if noted:
            logging.getLogger("securechat.client").error("the engine failed")
        raise error


def test_an_error_of_ours_names_the_file_if_anything_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(InternalError) as untold:
        fail_with(InternalError("Internal error"), tmp_path, noted=False)
    assert untold.value.what == "Internal error"
    with pytest.raises(InternalError) as told:
        fail_with(InternalError("Internal error"), tmp_path, noted=True)
    assert told.value.what == f"Internal error; where that was is in {tmp_path / 'failures.log'}"
    with pytest.raises(Untrusted) as other:
        fail_with(Untrusted("Another key"), tmp_path, noted=True)
    assert other.value.what == "Another key"


def test_a_file_that_cannot_be_written_fails_nobody(tmp_path: Path) -> None:
    log = FailureLog(tmp_path / "nowhere" / "failures.log")
    log.handle(record_of("securechat", "failed"))
    (tmp_path / "failures.log").symlink_to(tmp_path / "another")
    with failures_noted(tmp_path):
        logging.getLogger("securechat.client").error("the engine failed")
    assert not log.has_noted
    assert not (tmp_path / "another").exists()
