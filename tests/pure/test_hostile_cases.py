"""Every hostile case has tests that exist, or belongs to a feature that has no code yet."""

import re

import pytest

from tests import hostile_cases
from tests.hostile_cases import ROOT, Case, is_a_test, load_cases, load_not_built

CASES, NOT_BUILT = load_cases(), load_not_built()
BUILT = {"sessions", "envelopes", "bundles", "names", "login", "pairing", "emoji"}
"""Subjects of which no case may wait."""


def test_every_case_has_tests_or_a_feature_that_is_not_built() -> None:
    for case in CASES:
        if case.not_built:
            assert case.not_built in NOT_BUILT, case
            assert case.subject not in BUILT, case
        else:
            assert case.tests, case
            assert [test for test in case.tests if not is_a_test(test)] == [], case


def test_every_adversary_and_every_subject_that_is_built_has_cases() -> None:
    assert {case.adversary for case in CASES} == {"relay", "peer", "network", "disk"}
    assert {case.subject for case in CASES} >= BUILT


@pytest.mark.parametrize("feature", NOT_BUILT)
def test_a_feature_that_is_not_built_has_cases_and_no_code(feature: str) -> None:
    assert any(case.not_built == feature for case in CASES)
    code = (path.read_text(encoding="utf-8") for path in (ROOT / "securechat").rglob("*.py"))
    assert not any(re.search(NOT_BUILT[feature], text) for text in code)


def test_only_tests_that_pytest_would_collect_count() -> None:
    assert is_a_test("tests/pure/test_hostile_cases.py::test_they_are_printed_one_a_line")
    assert not is_a_test("tests/pure/test_hostile_cases.py::test_of_something_else")
    assert not is_a_test("tests/hostile_cases.py::is_a_test")
    assert not is_a_test("tests/pure/no_such_file.py::test_x")


def test_they_are_printed_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert hostile_cases.main() == 0
    *lines, summary = capsys.readouterr().out.splitlines()
    assert lines == [str(case) for case in CASES]
    assert all(" \N{RIGHTWARDS ARROW} " in line for line in lines)
    assert summary.startswith(f"{len(CASES)} cases: ")


def test_a_test_that_is_not_there_is_said_and_the_exit_status_is_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Case("relay", "envelopes", "does something", ("tests/pure/test_text.py::test_gone",))
    monkeypatch.setattr(hostile_cases, "load_cases", lambda: [gone])
    assert hostile_cases.main() == 1
    assert "tests/pure/test_text.py::test_gone" in capsys.readouterr().err
