"""README's settings are those of the code, with their defaults."""

import re
from pathlib import Path

import msgspec

from securechat.config import Config, parse_config

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_listed_with_its_default() -> None:
    block = re.search(r"```\n(\[server\].*?)```", README, re.DOTALL)
    assert block is not None
    assert parse_config(block[1], "README.md") == Config()
    listed = set(re.findall(r"^(?:# )?(\w+) =", block[1], re.MULTILINE))
    sections = (Config().server, Config().client)
    assert listed == {key for section in sections for key in msgspec.structs.asdict(section)}


def test_the_documents_it_names_exist() -> None:
    for path in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parents[2] / path).exists(), path
