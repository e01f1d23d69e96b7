"""``securechat config show`` as a user runs it."""

from pathlib import Path

from securechat.config import Config, parse_config
from tests.processes import run

FILE = """
[server]
port = 6000
drain_timeout_s = 1e1
[client]
name = "Zo\u00eb #1"
read_receipts = true
server = "relay:1"
"""


def origins(output: str) -> dict[str, str]:
    """Return by key what has set it."""
    lines = [line.removeprefix("# ") for line in output.splitlines()]
    return {line.split()[0]: line.rpartition(" # ")[2] for line in lines}


def test_without_a_file_there_are_the_defaults_and_an_empty_home_stays_empty(
    tmp_path: Path,
) -> None:
    status, output, errors = run("config", "show", home=tmp_path / "home")
    assert (status, errors) == (0, "")
    assert parse_config(output, "output") == Config()
    assert "# client.name is not set" in output.splitlines()
    assert "default" not in output
    assert list((tmp_path / "home").iterdir()) == []


def test_the_file_and_the_environment_are_named_and_the_environment_wins(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(FILE, encoding="utf-8")
    environment = {
        "SECURECHAT_READ_RECEIPTS": "off",
        "SECURECHAT_ON_KEY_CHANGE": "notify",
        "SECURECHAT_TYPING": "off",
        "SECURECHAT_SERVER": "other:2",
        "SECURECHAT_NAME": "",
    }
    status, output, _ = run("config", "show", "--origin", home=tmp_path, env=environment)
    assert status == 0
    found = origins(output)
    assert len(found) == len(output.splitlines())
    assert {key: what for key, what in found.items() if what != "default"} == {
        "server.port": f"file {path}",
        "server.drain_timeout_s": f"file {path}",
        "client.name": f"file {path}",
        "client.read_receipts": "environment SECURECHAT_READ_RECEIPTS",
        "client.on_key_change": "environment SECURECHAT_ON_KEY_CHANGE",
        "client.typing": "environment SECURECHAT_TYPING",
        "client.server": "environment SECURECHAT_SERVER",
    }
    shown = parse_config(output, "output")
    assert (shown.server.port, shown.client.name) == (6000, "Zo\u00eb #1")
    client = shown.client
    assert (client.server, client.read_receipts, client.typing, client.on_key_change) == (
        "other:2",
        False,
        False,
        "notify",
    )


def test_the_home_says_which_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nport = 6001\n")
    other = tmp_path / "other"
    _, output, _ = run("config", "show", "--home", str(tmp_path), home=other)
    assert "server.port = 6001" in output.splitlines()


def test_a_broken_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nport = 'x'\n")
    status, output, errors = run("config", "show", home=tmp_path)
    assert (status, output) == (2, "")
    assert "is broken" in errors
    assert "try: mend that line" in errors


def test_a_variable_that_no_command_would_take_is_said(tmp_path: Path) -> None:
    status, output, errors = run(
        "config", "show", home=tmp_path, env={"SECURECHAT_READ_RECEIPTS": "perhaps"}
    )
    assert (status, output) == (2, "")
    assert "SECURECHAT_READ_RECEIPTS" in errors


def test_a_value_of_the_file_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[server]\ncerts = "\\u001b[2J\\u009b\\u202ex"\n')
    _, output, _ = run("config", "show", home=tmp_path)
    assert not set(output) & set("\x1b\x9b\u202e")
