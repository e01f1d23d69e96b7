"""``securechat paths`` as a user runs it."""

from pathlib import Path

from tests.processes import chatting, relaying, run


def rows(output: str) -> dict[str, tuple[str, str]]:
    """Return path and state by what is there."""
    found = {}
    for line in output.splitlines():
        what, _, rest = line.strip().partition("  ")
        path, _, state = rest.strip().rpartition("  ")
        found[what.strip()] = (path, state)
    return found


def test_an_empty_home_is_left_empty(tmp_path: Path) -> None:
    home = tmp_path / "home"
    status, output, errors = run("paths", home=home)
    assert (status, errors) == (0, "")
    found = rows(output)
    assert list(found) == [
        *("settings", "home", "profiles", "failures", "certificates", "relay data"),
    ]
    assert found["settings"] == (str(home / "config.toml"), "(not yet)")
    assert found["home"] == (str(home), "(there)")
    assert found["relay data"] == (str(home / "relay"), "(not yet)")
    assert list(home.iterdir()) == []


def test_each_profile_and_what_the_relay_keeps(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with relaying(home) as relay, chatting(home, *relay.flags, "--name", "Alice") as alice:
        alice.expect("ready")
        status, output, _ = run("paths", "--home", str(home), home=tmp_path / "other", cwd=home)
    assert status == 0
    found = rows(output)
    assert found["alice"] == (str(home / "profiles" / "alice"), "(there)")
    assert found["certificates"] == (str(home / "certs"), "(there)")
    assert found["relay data"] == (str(home / "relay"), "(there)")


def test_the_places_that_the_settings_name(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\ncerts = '/etc/chat'\ndata = '/srv/chat'\n")
    _, output, _ = run("paths", home=tmp_path)
    found = rows(output)
    assert found["settings"] == (str(tmp_path / "config.toml"), "(there)")
    assert found["certificates"] == ("/etc/chat", "(not yet)")
    assert found["relay data"] == ("/srv/chat", "(not yet)")


def test_a_broken_configuration_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server\n")
    status, _, errors = run("paths", home=tmp_path)
    assert status == 2
    assert "is broken" in errors
    assert "try: mend that line" in errors
