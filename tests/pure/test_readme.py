"""README's settings and limits are those of the code, with their values."""

import inspect
import re
from pathlib import Path

import msgspec

from securechat.cli.server import relay
from securechat.config import Config, ServerConfig, parse_config, settings_of
from securechat.faces.screen.actions import ACTIONS
from securechat.faces.screen.drawing.help_page import key_label
from securechat.protocol import machine
from securechat.relay import intake, submission
from securechat.transport import tls_session
from securechat.wire import codec, frames
from tests.pure.cli.test_config import variables

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_listed_with_its_default() -> None:
    block = re.search(r"```\n(\[server\].*?)```", README, re.DOTALL)
    assert block is not None
    assert parse_config(block[1], "README.md") == Config()
    listed = re.findall(r"^(?:# )?(\w+) =", block[1], re.MULTILINE)
    assert sorted(listed) == sorted(name.rpartition(".")[2] for name, _ in settings_of(Config()))


def test_every_variable_of_the_environment_is_listed() -> None:
    settings = README.partition("## Settings")[2].partition("\n## ")[0]
    assert set(re.findall(r"SECURECHAT_\w+", settings)) == variables().keys()


def test_the_documents_it_names_exist() -> None:
    for path in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parents[2] / path).exists(), path


def test_the_keys_of_the_full_screen_are_those_of_the_code() -> None:
    section = README.partition("## The full screen")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert rows == [
        "| key | name | where | does |",
        *(
            f"| {key_label(action.keys)} | `{action.id}` | {action.scope.value} | {action.label} |"
            for action in ACTIONS
        ),
    ]


def test_its_pictures_load_nothing_from_anywhere() -> None:
    pictures = list((Path(__file__).parents[2] / "docs").glob("*.svg"))
    assert {f"docs/{picture.name}" for picture in pictures} == set(
        re.findall(r"!\[[^]]+\]\((docs/[^)]+)\)", README)
    )
    for picture in pictures:
        text = picture.read_text(encoding="utf-8")
        assert not re.search(r"url\((?!#)|href|@import|<image|<script", text), picture


LIMIT = re.compile(
    r"^\| `(?P<name>\w+)`(?: \(`--(?P<flag>[\w-]+)`\))? \| (?P<value>[\d,]+)(?: (?P<unit>\w+))? \|"
    r" [^|]+ \| [^|]+ \|$",
    re.MULTILINE,
)
UNITS = {None: 1, "s": 1, "days": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
FIXED = {
    name: getattr(module, name)
    for module, names in (
        (machine, ("LOGIN_TIMEOUT_S", "PING_AFTER_S", "DEAD_AFTER_S")),
        (codec, ("MAX_GREETING_BYTES", "MAX_FRAME_BYTES")),
        (tls_session, ("MAX_UNREAD_BYTES",)),
        (frames, ("MAX_ENVELOPES",)),
        (intake, ("MAX_BACKLOG_BYTES", "DROP_BACKLOG_BYTES")),
        (submission, ("MAX_REFUSED",)),
    )
    for name in names
}
NO_LIMITS = {"host", "port", "announce", "certs", "data", "registration"}


def listed_limits() -> dict[str, re.Match[str]]:
    section = README.partition("## Limits of a relay")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    found = {row: LIMIT.match(row) for row in rows}
    assert None not in found.values(), [row for row, match in found.items() if match is None]
    return {match["name"]: match for match in found.values() if match is not None}


def test_every_limit_of_a_relay_is_listed_with_its_value() -> None:
    settings = {
        name: value
        for name, value in msgspec.structs.asdict(ServerConfig()).items()
        if name not in NO_LIMITS
    }
    assert {
        name: int(match["value"].replace(",", "")) * UNITS[match["unit"]]
        for name, match in listed_limits().items()
    } == settings | FIXED


def test_the_flags_of_limits_are_those_of_the_command() -> None:
    flags = {match["flag"]: name for name, match in listed_limits().items() if match["flag"]}
    parameters = inspect.signature(relay).parameters
    limits = set(msgspec.structs.asdict(ServerConfig())) - NO_LIMITS
    assert set(flags.values()) == limits & set(parameters)
    for flag, name in flags.items():
        option = parameters[name].annotation.__metadata__[0]
        assert f"--{flag}" in (option.default, *option.param_decls)
        assert f"[{getattr(ServerConfig(), name)}]" in option.help
