import subprocess
import sys

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from securechat.cli import app


@pytest.fixture(name="root")
def make_root() -> TyperGroup:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    return root


def test_each_command_is_the_one_of_its_name_and_says_what_it_does(root: TyperGroup) -> None:
    for name, command in root.commands.items():
        assert command.help, name
        assert isinstance(command, TyperGroup) or command.name == name
        assert root.commands[name] is command


def test_what_is_no_command_is_not_looked_for_in_the_modules(root: TyperGroup) -> None:
    assert root.commands.get("options") is None
    assert root.commands.get("reset-identity") is None


def test_a_command_that_is_not_named_is_not_imported() -> None:
    program = (
        "import sys; from securechat.cli import app\n"
        "try: app(['client', '--help'])\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    modules = found.stderr.decode().split()
    assert "securechat.cli.client" in modules
    assert "securechat.cli.server" not in modules
    assert "securechat.cli.join" not in modules
