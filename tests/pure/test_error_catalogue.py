"""Every error of the catalogue ends a command as documented, and has tests of what it says."""

import re
import tomllib
from functools import cache
from typing import Any

import pytest

from securechat import cli, errors
from securechat.crypto.signing import SigningKey, verify
from securechat.errors import InvalidSignature, LocalProtocolError, SecureChatError
from securechat.protocol.client_side import ClientSide
from tests.hostile_cases import ROOT, is_a_test

CATALOGUE: dict[str, dict[str, Any]] = tomllib.loads(
    (ROOT / "tests" / "error_catalogue.toml").read_text(encoding="utf-8")
)
CLASSES = {
    name: found
    for name, found in vars(errors).items()
    if isinstance(found, type) and issubclass(found, SecureChatError)
}
ABSTRACT = {"ProtocolError"}
"""What only its subclasses are raised of."""


@cache
def raised() -> frozenset[str]:
    """Return the classes that the code makes instances of."""
    sources = (ROOT / "securechat").rglob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    return frozenset(name for name in CLASSES if re.search(rf"(?<!class )\b{name}\(", text))


def source_of(node_id: str) -> str:
    """Return the source of a test: its decorators, and all up to the next one."""
    path, _, name = node_id.partition("::")
    blocks = re.split(r"\n\n\n", (ROOT / path).read_text(encoding="utf-8"))
    (found,) = [block for block in blocks if re.search(rf"(?m)^def {name}\(", block)]
    return found


def test_every_class_that_is_raised_has_an_entry() -> None:
    assert raised() - ABSTRACT == set(CATALOGUE)
    assert not raised() & ABSTRACT


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_names_tests_that_hold_its_cause_and_its_next_command(name: str) -> None:
    entry = CATALOGUE[name]
    assert entry["tests"]
    assert [test for test in entry["tests"] if not is_a_test(test)] == []
    assert ("next" in entry) != ("told_by" in entry)
    for test in entry["tests"]:
        assert entry["cause"] in source_of(test), (name, test)
        assert entry.get("next", "") in source_of(test), (name, test)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_command_that_ends_with_it_says_so_and_exits_as_documented(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CLASSES[name]("What is wrong", "securechat doctor")

    monkeypatch.setattr(cli, "app", fail)
    assert cli.run() == CATALOGUE[name]["exit_status"]
    assert capsys.readouterr().err == "securechat: What is wrong\n  try: securechat doctor\n"


def test_the_documents_know_every_exit_status() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    documented = {int(status) for status in re.findall(r"(?m)^\| (\d) \| ", readme)}
    assert {entry["exit_status"] for entry in CATALOGUE.values()} <= documented
    assert {found.exit_status for found in CLASSES.values()} <= documented


def test_each_code_is_of_one_class_or_of_it_and_its_subclasses() -> None:
    codes: dict[str, type[SecureChatError]] = {}
    for found in CLASSES.values():
        first = codes.setdefault(found.code, found)
        assert issubclass(found, first), (found, first)


def test_the_own_machine_refuses_what_is_out_of_turn() -> None:
    with pytest.raises(LocalProtocolError, match="Delivery 1 cannot be acknowledged"):
        ClientSide(0.0).ack(1)


def test_a_forged_signature_does_not_verify() -> None:
    with pytest.raises(InvalidSignature, match="does not verify"):
        verify(SigningKey.generate().public, b"message", bytes(64))
