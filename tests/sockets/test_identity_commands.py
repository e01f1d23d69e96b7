"""``securechat identity`` called as functions: keys from passphrases cost nothing here."""

import base64
import stat
from pathlib import Path

import pytest

from securechat.cli import passphrase_input
from securechat.cli.identity import export_identity, import_identity
from securechat.client.connection.relays import KnownRelay, known_relays
from securechat.client.profiles import backup_file
from securechat.client.profiles.profile import Profile, make_profile, profile_directory
from securechat.crypto.passphrase import Passphrase
from securechat.e2e.endpoint import Endpoint
from securechat.errors import Busy, FileProblem, PassphraseRefused, UsageError
from securechat.identity.names import parse_name
from securechat.identity.types import RelayId
from tests.pure.crypto.cheap_keys import make_keys_cheap

NAME = parse_name("Zoë")
RELAY = KnownRelay(RelayId(b"r" * 32), "192.168.1.20:5555", 1)
RIGHT, WRONG, NEW = "the right passphrase", "the wrong passphrase", "another passphrase"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody sit at the terminal."""
    make_keys_cheap(monkeypatch)
    monkeypatch.setattr(passphrase_input, "can_ask", lambda: False)


class Machines:
    """Homes in a directory, and the backup that goes from one to the other."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.backup = directory / "zoë.backup"

    def home(self, name: str) -> Path:
        return self.directory / name

    def secret(self, text: str) -> Path:
        path = self.directory / text
        path.touch(0o600)
        path.write_text(text)
        return path

    def export(self, home: str, name: str | None = NAME, *, force: bool = False) -> None:
        new = self.secret(RIGHT)
        export_identity(self.backup, name, self.home(home), None, new, force=force)

    def restore(
        self, home: str, name: str | None = None, *, given: str = RIGHT, new: str | None = None
    ) -> None:
        under = None if new is None else self.secret(new)
        import_identity(self.backup, name, self.home(home), self.secret(given), under)


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    """Return machines of which "old" was used."""
    machines = Machines(tmp_path)
    rows = {**Endpoint.create(1).take_changes(), **RELAY.row}
    make_profile(machines.home("old"), NAME, rows, None)
    return machines


def opened(home: Path, name: str = NAME, *passphrases: str) -> tuple[Endpoint, list[KnownRelay]]:
    with Profile(home, parse_name(name), lambda: map(Passphrase, passphrases)) as profile:
        rows = profile.state.load()
    return Endpoint.load(rows), known_relays(rows)


def test_the_person_is_on_the_other_machine(
    machines: Machines, capsys: pytest.CaptureFixture[str]
) -> None:
    machines.export("old")
    printed = capsys.readouterr().out
    assert "holds the identity of Zoë: the key, relays: 1, people: 0." in printed
    assert f"securechat identity import '{machines.backup}'" in printed
    assert "securechat export PEER" in printed
    machines.restore("new")
    printed, said = capsys.readouterr()
    assert "Zoë is on this machine now" in printed
    assert f"securechat client --name Zoë --home {machines.home('new')}" in printed
    assert "to put it under a passphrase: securechat passphrase set --name Zoë" in said
    (old, _), (new, relays) = opened(machines.home("old")), opened(machines.home("new"))
    assert new.user_key == old.user_key
    assert new.device_id != old.device_id
    assert relays == [RELAY]
    assert (machines.home("new") / "last-name").read_text() == "Zoë\n"


def test_the_file_is_its_owners_alone_and_shows_no_secret(machines: Machines) -> None:
    machines.export("old")
    assert stat.S_IMODE(machines.backup.stat().st_mode) == 0o600
    data = machines.backup.read_bytes()
    seed = opened(machines.home("old"))[0].user_identity.user_seed
    forms = [seed, seed[::-1], seed.hex().encode(), seed.hex().upper().encode()]
    forms += [base64.b64encode(b"x" * skipped + seed)[4:-4] for skipped in range(3)]
    forms += ["Zoë".encode(), b"192.168", RIGHT.encode()]
    assert [form for form in forms if form in data] == []


def test_a_file_that_is_there_is_replaced_only_by_force(machines: Machines) -> None:
    machines.export("old")
    before = machines.backup.read_bytes()
    with pytest.raises(FileProblem, match="is there already") as problem:
        machines.export("old")
    assert "--force" in problem.value.try_next
    assert machines.backup.read_bytes() == before
    machines.export("old", force=True)
    assert machines.backup.read_bytes() != before
    assert list(machines.directory.glob(".*")) == []
    machines.backup = machines.home("old")
    with pytest.raises(FileProblem, match="is not a file"):
        machines.export("old", force=True)


def test_a_file_that_appears_meanwhile_stays(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seal_late(*_: object) -> bytes:
        machines.backup.write_bytes(b"somebody else's")
        return b"the backup"

    monkeypatch.setattr(backup_file, "seal_backup", seal_late)
    with pytest.raises(FileProblem, match="File exists"):
        machines.export("old")
    assert machines.backup.read_bytes() == b"somebody else's"
    assert list(machines.directory.glob(".*")) == []


def test_a_profile_that_is_there_is_never_replaced(machines: Machines) -> None:
    machines.export("old")
    machines.restore("new")
    before = opened(machines.home("new"))[0].device_id
    with pytest.raises(FileProblem, match="There is a profile of Zoë") as problem:
        machines.restore("new")
    assert "securechat client --name Zoë, which uses it" in problem.value.try_next
    assert opened(machines.home("new"))[0].device_id == before


def test_another_name_and_a_passphrase_from_the_first_moment(
    machines: Machines, capsys: pytest.CaptureFixture[str]
) -> None:
    machines.export("old")
    machines.restore("new", "zora", new=NEW)
    printed, said = capsys.readouterr()
    assert "knows this identity as Zoë takes no other name" in printed
    assert said == ""
    with pytest.raises(PassphraseRefused):
        opened(machines.home("new"), "zora", RIGHT)
    assert opened(machines.home("new"), "zora", NEW)[1] == [RELAY]


def test_what_does_not_open_makes_nothing(machines: Machines) -> None:
    machines.export("old")
    with pytest.raises(PassphraseRefused, match="that is not its passphrase, or the file is damag"):
        machines.restore("new", given=WRONG)
    with pytest.raises(PassphraseRefused, match="nobody is there to be asked") as refused:
        import_identity(machines.backup, None, machines.home("new"))
    assert "--passphrase-file FILE" in refused.value.try_next
    with machines.backup.open("wb") as file:
        file.truncate((1 << 24) + 1)
    with pytest.raises(FileProblem, match="larger than 16777216 bytes"):
        machines.restore("new")
    assert not machines.home("new").exists()


def test_nobody_has_no_backup(machines: Machines) -> None:
    with pytest.raises(UsageError, match="There is no profile of nobody"):
        machines.export("old", "nobody")
    Profile(machines.home("old"), parse_name("nobody"), tuple).close()
    with pytest.raises(UsageError, match="nobody has no identity yet"):
        machines.export("old", "nobody")
    assert not machines.backup.exists()


def test_nothing_is_exported_while_a_client_has_the_profile_open(machines: Machines) -> None:
    with (
        Profile(machines.home("old"), NAME, tuple),
        pytest.raises(Busy, match="open in another securechat command") as busy,
    ):
        machines.export("old")
    assert busy.value.try_next == "end that one, then the same command again"
    assert not machines.backup.exists()
    assert profile_directory(machines.home("old"), NAME).exists()
