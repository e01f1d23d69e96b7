"""What is shown of settings: each once, with what has set it."""

import json

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from securechat.cli import app
from securechat.cli.config import Setting, _toml_line, settings
from securechat.config import (
    ClientConfig,
    Config,
    NotifyConfig,
    ServerConfig,
    parse_config,
    written_keys,
)
from securechat.errors import UsageError

TEXT = """
[server]
port = 6000
max_accounts = 100000
[client]
name = 'bob'
presence = false
keys = {switch = "ctrl+t", search = "f3,ctrl+s"}
[client.notify]
quiet = "22:00-07:00"
"""
FILE = "file /home/bob/config.toml"
NO_SETTINGS = {"home", "passphrase_file"}
"""What the environment says and no settings file can."""


def variables() -> dict[str, set[str]]:
    """Return the parameters that each variable of the environment sets, in all commands."""
    found: dict[str, set[str]] = {}
    left = [get_command(app)]
    while left:
        command = left.pop()
        if isinstance(command, TyperGroup):
            left.extend(command.commands.values())
        for parameter in command.params:
            if parameter.envvar is not None:
                found.setdefault(str(parameter.envvar), set()).add(str(parameter.name))
    return found


def test_every_variable_sets_a_setting_that_it_is_named_after() -> None:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    of_client = {str(each.name): each.envvar for each in root.commands["client"].params}
    for variable, parameters in variables().items():
        (name,) = parameters
        assert variable == f"SECURECHAT_{name.upper()}"
        if name not in NO_SETTINGS:
            assert name in ClientConfig.__struct_fields__
            assert of_client[name] == variable, "config show would not see it"


def test_every_setting_is_shown_once_and_says_what_has_set_it() -> None:
    in_file = parse_config(TEXT, "config.toml")
    origins = dict.fromkeys(written_keys(TEXT), FILE)
    environment = {"name": Setting("alice", "environment SECURECHAT_NAME")}
    shown = list(settings(in_file, origins, environment))
    found = dict(shown)
    assert len(found) == len(shown)
    assert [*found] == [
        *(f"server.{key}" for key in ServerConfig.__struct_fields__),
        *(f"client.{key}" for key in ClientConfig.__struct_fields__ if key != "notify"),
        *(f"client.notify.{key}" for key in NotifyConfig.__struct_fields__),
    ]
    assert found["server.port"] == Setting(6000, FILE)
    assert found["client.presence"] == Setting(False, FILE)
    assert found["client.keys"] == Setting({"switch": "ctrl+t", "search": "f3,ctrl+s"}, FILE)
    assert found["client.notify.quiet"] == Setting("22:00-07:00", FILE)
    assert found["client.notify.bell"] == Setting(True, "default")
    assert found["client.name"] == Setting("alice", "environment SECURECHAT_NAME")
    assert found["server.host"] == Setting("127.0.0.1", "default")


def test_a_default_that_stands_in_the_file_comes_from_there() -> None:
    origins = dict.fromkeys(written_keys(TEXT), FILE)
    found = dict(settings(parse_config(TEXT, "config.toml"), origins, {}))
    assert found["server.max_accounts"] == Setting(ServerConfig().max_accounts, FILE)


def test_the_environment_of_the_client_sets_nothing_of_the_relay() -> None:
    environment = {key: Setting("x", "environment X") for key in ServerConfig.__struct_fields__}
    found = dict(settings(Config(), {}, environment))
    assert {found[f"server.{key}"].origin for key in environment} == {"default"}


def test_nothing_is_written_in_an_empty_file() -> None:
    empty = "[server]\n", "[client]\n[client.notify]\n"
    assert [*map(written_keys, ("", *empty))] == [frozenset()] * 3


def test_what_is_shown_is_a_file_that_says_the_same() -> None:
    for text in (TEXT, ""):
        in_file = parse_config(text, "config.toml")
        lines = [_toml_line(key, setting.value) for key, setting in settings(in_file, {}, {})]
        assert parse_config("\n".join(lines), "shown") == in_file


@pytest.mark.parametrize("quiet", ["24:00-07:00", "22:60-07:00", "22:00", "22:00-07:00\n", "x"])
def test_times_that_no_clock_shows_are_refused(quiet: str) -> None:
    with pytest.raises(UsageError, match=r"quiet in .* not written like 22:00-07:00\n"):
        parse_config(f"[client.notify]\nquiet = {json.dumps(quiet)}\n", "config.toml")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[client]\ntypin = true\n", "there is no typin in [client]"),
        ("[client.notify]\nbel = true\n", "there is no bel in [client.notify]"),
        ("[clients]\n", "there is no clients"),
        (
            "[client]\ntheme = 'pink'\n",
            "theme in [client]: 'pink' is none of terminal, dark, light",
        ),
    ],
)
def test_what_cannot_be_set_is_named(text: str, what: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_config(text, "config.toml")
    assert str(refused.value.what).endswith(f"is broken: {what}")
