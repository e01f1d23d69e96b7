"""``server reset-identity``: bob has lost his key, and comes again; as users see it."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from securechat.client.connection.invite_link import parse_link
from securechat.errors import FileProblem
from securechat.identity.invite import token_hash
from securechat.relay.reset import plan_reset
from securechat.store.news import StoreNews
from securechat.store.relay_file import RelayFile
from securechat.store.store_thread import StoreThread
from tests.processes import Client, Relay, chatting, relaying, run

DONE, FAILED, USAGE, UNTRUSTED, REFUSED = 0, 1, 2, 4, 6


@dataclass(frozen=True)
class Site:
    """A relay that can be stopped and started again, and the people on it."""

    directory: Path
    port: int

    def home(self, name: str) -> Path:
        return self.directory / name

    def resets(self, *arguments: str) -> tuple[int, str, str]:
        """Run the command where the relay runs."""
        return run("server", "reset-identity", *arguments, home=self.directory)

    def link(self, name: str) -> str:
        """Reset a name; return the link."""
        status, stdout, stderr = self.resets(name, "--address", f"127.0.0.1:{self.port}")
        assert (status, stderr) == (DONE, "")
        return stdout.splitlines()[0]

    @contextmanager
    def relay(self) -> Iterator[Relay]:
        with relaying(self.directory, port=self.port) as relay:
            yield relay

    @contextmanager
    def joining(self, link: str, *flags: str, home: str = "new") -> Iterator[Client]:
        """Come with a link, on a machine where nothing is known."""
        client = Client(("join", link, "--json", *flags), self.home(home))
        try:
            yield client
        finally:
            client.close()

    def chatting(self, name: str, *flags: str) -> AbstractContextManager[Client]:
        return chatting(self.home(name), "--name", name, *flags)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a stopped relay where alice and bob have written to each other, and carol is."""
    with (
        relaying(tmp_path) as relay,
        chatting(tmp_path / "alice", "--name", "alice", "--peer", "bob", *relay.flags) as alice,
        chatting(tmp_path / "bob", "--name", "bob", "--peer", "alice", *relay.flags) as bob,
        chatting(tmp_path / "carol", "--name", "carol", *relay.flags) as carol,
    ):
        carol.expect("ready")
        alice.types("hello bob")
        bob.expect("message", text="hello bob")
        bob.types("hello alice")
        alice.expect("message", text="hello alice")
        bob.expect("delivered")
        for client in (alice, bob, carol):
            client.ends_typing()
            assert client.finish() == DONE
        return Site(tmp_path, relay.port)


def test_contacts_see_changed_and_nothing_is_sent_to_the_new_key_by_itself(site: Site) -> None:
    with site.relay(), site.chatting("alice", "--peer", "bob") as alice:
        alice.expect("peer")
        alice.types("for the old key")
        alice.expect("accepted")
    link = site.link("bob")
    with site.relay(), site.chatting("alice", "--peer", "bob") as alice:
        alice.expect("ready")
        alice.expect("waiting", name="bob", known=True)
        alice.types("while he is nobody")
        with site.joining(link) as bob:
            bob.expect("ready", name="bob")
            bob.types("/msg alice it is me, with a new key")
            alice.expect("key-changed", accepted=False)
            alice.types("not yet")
            alice.expect("error", message="The key of bob has CHANGED; not sent: not yet")
            alice.types("/accept-key")
            alice.expect("trust", name="bob", reason="accepted")
            kept_back = "Not sent to bob, whose key was another when you typed it"
            alice.expect("error", message=f"{kept_back}: while he is nobody")
            alice.expect("message", text="it is me, with a new key")
            alice.types("welcome back")
            message = bob.expect("message")
            assert message["text"] == "welcome back"


def test_a_contact_who_has_not_decided_ends_with_the_status_for_it(site: Site) -> None:
    link = site.link("bob")
    with site.relay(), site.joining(link) as bob:
        bob.expect("ready", name="bob")
        command = ("client", "--plain", "--name", "alice", "--peer", "bob")
        status, stdout, stderr = run(*command, home=site.home("alice"), stdin="hello\nand more")
        assert status == UNTRUSTED
        assert "THE KEY OF bob HAS CHANGED" in stdout
        assert "The key of bob has CHANGED" in stderr
        assert 'nothing is sent. Not sent, and never to the new key: "hello", "and more"' in stderr
        bob.ends_typing()
        assert bob.finish() == DONE
        assert not [event for event in bob.read_rest() if event["event"] == "message"]


def test_the_old_device_is_told_what_to_do(site: Site) -> None:
    link = site.link("bob")
    for is_taken in (False, True):
        with site.relay():
            command = ("client", "--json", "--name", "bob", "--peer", "alice")
            status, _, stderr = run(*command, home=site.home("bob"), stdin="it is me")
            assert status == REFUSED
            assert "internal error" not in stderr
            assert ("is taken on this relay" in stderr) == is_taken
            assert ("kept here for whoever has the link" in stderr) == (not is_taken)
            assert "try: the same command with --name ANOTHER-NAME" in stderr
            with site.joining(link) as bob:
                if not is_taken:
                    bob.expect("ready")


def test_the_link_does_not_bring_the_old_key_back(site: Site) -> None:
    link = site.link("bob")
    with site.relay():
        with site.joining(link, home="bob") as bob:
            assert bob.finish() == REFUSED
            assert "This link is for a new key; the profile of bob in" in bob.stderr
            assert "try: the same command with --home NEW-DIRECTORY" in bob.stderr
        for _again in range(2):  # the second time it is registered already
            with site.joining(link) as bob:
                bob.expect("ready", name="bob")
                bob.ends_typing()
                assert bob.finish() == DONE


def test_a_room_goes_on_without_the_new_key(site: Site) -> None:
    with (
        site.relay(),
        site.chatting("alice") as alice,
        site.chatting("bob") as bob,
        site.chatting("carol") as carol,
    ):
        alice.types("/create #ops", "/invite bob carol")
        for client in (bob, carol):
            client.expect("invitation")
            client.types("/join #ops")
            client.expect("room")
        bob.types("/msg #ops all here")
        alice.expect("message", text="all here")
        carol.expect("message", text="all here")
        for client in (alice, bob, carol):
            client.ends_typing()
            assert client.finish() == DONE
    link = site.link("bob")
    with (
        site.relay(),
        site.joining(link) as bob,
        site.chatting("alice", "--peer", "bob") as alice,
        site.chatting("carol") as carol,
    ):
        bob.expect("ready")
        alice.expect("key-changed")
        alice.types("/msg #ops without him")
        carol.expect("message", text="without him")
        carol.types("/msg #ops I see")
        alice.expect("message", text="I see")
        for client in (alice, bob, carol):
            client.ends_typing()
            client.finish()
            assert "internal error" not in client.stderr
        assert not [event for event in bob.read_rest() if event["event"] == "message"]


def test_the_relay_has_to_be_stopped(site: Site) -> None:
    with site.relay():
        status, stdout, stderr = site.resets("bob")
        assert (status, stdout) == (FAILED, "")
        assert f"The relay runs: it uses the store in {site.directory / 'relay'}" in stderr
        assert "try: stop it (Ctrl-C there), then the same command again" in stderr
        assert run("client", "--json", "--name", "bob", home=site.home("bob"))[0] == DONE


def test_what_is_printed(site: Site) -> None:
    status, stdout, stderr = site.resets("BOB", "--address", "[2001:db8::1]:7000")
    link, *rest = stdout.splitlines()
    assert (status, stderr) == (DONE, "")
    found = parse_link(link)
    assert (str(found.address), found.name, found.has_inviter) == (
        "[2001:db8::1]:7000",
        "bob",
        False,
    )
    assert rest == [
        "bob is forgotten; the name waits 7 days for who has this link:",
        "  securechat join LINK --name bob",
        "  (where the old profile is still: the same with --home NEW-DIRECTORY)",
        "Whoever knows bob will see CHANGED, and sends nothing before they have decided.",
        "What waited here for the old key is gone. Now start the relay again.",
    ]


def test_the_link_is_for_that_name_and_a_second_one_ends_the_first(site: Site) -> None:
    first, link = site.link("bob"), site.link("bob")
    with site.relay():
        with site.joining(link, "--name", "robert", home="robert") as robert:
            assert robert.finish() == REFUSED
            assert "This link is for the name bob only" in robert.stderr
            assert "try: the same command with --name bob" in robert.stderr
        assert not list((site.home("robert") / "profiles").iterdir())
        refuse(site, first)
        with site.joining(link) as bob:
            bob.expect("ready", name="bob")
        refuse(site, link)


def refuse(site: Site, link: str) -> None:
    """Come with a link of the operator that serves no more: no other name is asked for or taken."""
    with site.joining(link, home="late") as bob:
        assert bob.finish() == REFUSED
        assert "This link for the name bob is used up, has expired, or a newer one" in bob.stderr
        assert "securechat server reset-identity bob" in bob.stderr.partition("  try: ")[2]


@pytest.mark.parametrize(
    ("arguments", "status", "cause", "try_next"),
    [
        (("dave",), USAGE, "Nobody on this relay is called dave", "look for the name in its log"),
        (("bob", "--data", "nowhere"), USAGE, "There is no relay's store in nowhere", "--data DIR"),
        (("bob", "--address", "h:0"), USAGE, "h:0 has no port", "--address HOST:5555"),
        (("bob", "--certs", "none"), FAILED, "none/server.pem is not there", "gen-certs"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    site: Site, arguments: tuple[str, ...], status: int, cause: str, try_next: str
) -> None:
    before = sorted(site.directory.iterdir()), rows_of(site)
    found, stdout, stderr = site.resets(*arguments)
    assert (found, stdout) == (status, "")
    assert cause in stderr
    assert try_next in stderr.partition("  try: ")[2]
    assert (sorted(site.directory.iterdir()), rows_of(site)) == before


def test_another_relay_s_certificate_makes_no_link(site: Site) -> None:
    others = site.directory / "others"
    assert run("gen-certs", "--out", str(others), home=site.home("elsewhere"))[0] == DONE
    before = rows_of(site)
    status, _, stderr = site.resets("bob", "--certs", str(others))
    assert status == FAILED
    assert "belongs to the relay with the fingerprint" in stderr
    assert rows_of(site) == before


@pytest.mark.parametrize(
    "flag", [("--data", "relay"), ("--certs", "certs"), ("--quit-mode",), ("--port", "7000")]
)
def test_flags_before_the_command_are_refused(site: Site, flag: tuple[str, ...]) -> None:
    before = rows_of(site)
    status, _, stderr = run("server", *flag, "reset-identity", "bob", home=site.directory)
    assert status == USAGE
    assert f"{flag[0]} is for running the relay; flags of a command go behind it" in stderr
    assert rows_of(site) == before


def test_a_disk_that_takes_only_a_part_has_taken_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.relay(), site.chatting("alice", "--peer", "bob") as alice:
        alice.expect("peer")
        alice.types("for the old key")
        alice.expect("accepted")
    before = rows_of(site)

    def fail(_file: RelayFile, _mailbox: bytes) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(RelayFile, "empty", fail)
    with closing(StoreThread(store_path(site), lambda call: call(), lambda _news: None)) as store:
        rows, waiting = store.rows(), store.mailboxes()
        reset = plan_reset(rows, "bob", token_hash(bytes(16)), 0)
        assert reset is not None
        assert set(reset.emptied) == set(waiting)
        with pytest.raises(FileProblem, match="disk is full"):
            store.save_now(reset.changes, reset.emptied)
        assert (store.rows(), store.mailboxes()) == (rows, waiting)
        monkeypatch.undo()
        store.save_now(reset.changes, reset.emptied)
        assert store.mailboxes() == {}
    news: list[StoreNews] = []
    with closing(StoreThread(store_path(site), lambda call: call(), news.append)):
        assert news == []  # what was deleted is not missed
    assert rows_of(site) != before
    assert token_hash(bytes(16)) in rows_of(site)


def store_path(site: Site) -> Path:
    return site.directory / "relay" / "relay.db"


def rows_of(site: Site) -> dict[bytes, bytes]:
    """Return the rows of a stopped relay by their keys."""
    with closing(sqlite3.connect(store_path(site))) as database:
        return dict(database.execute("SELECT key, value FROM rows"))
