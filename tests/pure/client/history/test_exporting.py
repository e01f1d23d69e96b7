"""Which conversation a name means, and what an archive gives of it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from securechat.client.connection.relays import KnownRelay
from securechat.client.events import DeliveryState, PastMessage
from securechat.client.history.exporting import Archive
from securechat.client.names.contacts import Contact, ContactBook
from securechat.client.names.conversation_keys import person_key
from securechat.errors import UsageError
from securechat.identity.chain import Highest
from securechat.identity.types import Digest, Name, RelayId, UserKey, fingerprint
from securechat.store import history
from securechat.store.encrypted import Connection
from securechat.store.history import HistoryTable, Progress
from securechat.store.state import StateReader
from tests.pure.store.entries import entry
from tests.pure.store.memory_history import open_in_memory

FIRST, SECOND = RelayId(b"1" * 32), RelayId(b"2" * 32)
HIGHEST = Highest(1, Digest(b"d" * 32), {})


class World:
    """A profile of alice on two relays, of which the second was used last."""

    def __init__(self, database: Connection) -> None:
        self._database = database
        self._table = HistoryTable(database)
        for relay_id, port in ((FIRST, 1), (SECOND, 2)):
            self._commit(KnownRelay(relay_id, f"127.0.0.1:{port}", port).row)

    def know(self, name: str, relay_id: RelayId = SECOND, **fields: object) -> Contact:
        fields = {"highest": HIGHEST, "accepted": True, "met_ms": 1, **fields}
        contact = Contact(Name(name), UserKey(name.encode().ljust(32)), **fields)  # type: ignore[arg-type]
        self._commit(ContactBook(relay_id, {}).put(contact))
        return contact

    def keep(self, name: str, *texts: str, relay_id: RelayId = SECOND) -> None:
        for text in texts:
            self.add(name, text, relay_id=relay_id)

    def add(
        self,
        name: str,
        text: str = "hello",
        *,
        relay_id: RelayId = SECOND,
        progress: Progress | None = None,
        encrypted: bool = True,
    ) -> None:
        self._table.apply(
            entry(
                text,
                conversation=person_key(relay_id, name),
                title=name,
                message_id=b"\x0a\x0b",
                sender=name if progress is None else "",
                user_key=name.encode().ljust(32),
                time_ms=1,
                kept_ms=2,
                progress=progress,
                encrypted=encrypted,
                missing=3,
                late=True,
            )
        )

    @property
    def archive(self) -> Archive:
        return Archive(Name("alice"), StateReader(Path("in memory"), self._database))

    def texts(self, peer: str, address: str | None = None) -> list[str]:
        """Return what is exported when this is typed."""
        archive = self.archive
        return [each.text for each in archive.messages(archive.find(peer, address)[0])]

    def _commit(self, rows: dict[tuple[str, bytes], bytes | None]) -> None:
        values = [(kind, key, value) for (kind, key), value in rows.items()]
        self._database.executemany("REPLACE INTO rows VALUES (?, ?, ?)", values)


@pytest.fixture
def world() -> Iterator[World]:
    with closing(open_in_memory()) as database:
        yield World(database)


def refused(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(UsageError) as error:
        call()
    return error.value.what, error.value.try_next


def test_messages_come_as_they_are_kept(world: World) -> None:
    world.know("bob", petname="Bobby")
    world.add("bob", "theirs", encrypted=False)
    world.add("bob", "mine", progress=Progress.READ)
    (conversation,) = world.archive.find("bob")
    assert (conversation.own_name, conversation.peer, conversation.peer_name) == (
        *("alice", "Bobby"),
        "bob",
    )
    assert (conversation.relay, conversation.fingerprint) == ("127.0.0.1:2", fingerprint(SECOND))
    assert list(world.archive.messages(conversation)) == [
        PastMessage(
            "0a0b", "Bobby", "alice", "theirs", 1, 2, False, "new", None, 3, True, position=1
        ),
        PastMessage(
            "0a0b",
            "alice",
            "Bobby",
            "mine",
            1,
            2,
            True,
            "",
            DeliveryState.READ,
            3,
            True,
            position=2,
        ),
    ]


@pytest.mark.parametrize("progress", Progress)
def test_every_state_has_its_word(world: World, progress: Progress) -> None:
    world.add("bob", progress=progress)
    archive = world.archive
    (message,) = archive.messages(archive.find("bob")[0])
    assert message.state == progress.name.lower()


def test_names_are_found_as_everywhere(world: World) -> None:
    world.keep("bob", "of bob")
    world.keep("carol", "of carol")
    assert world.texts("BOB") == ["of bob"]
    world.know("carol", petname="Bob")
    assert world.texts("bob") == world.texts("Carol") == ["of carol"]
    bob = world.know("bob")
    assert world.texts(f"bob[{fingerprint(bob.user_key)[:9]}]") == ["of bob"]
    assert "bob[0000-0000]" in refused(lambda: world.archive.find("bob[0000-0000]"))[0]


def test_a_petname_never_means_another_one_s_conversation(world: World) -> None:
    world.keep("bob", "of bob")
    world.know("carol", petname="bob")
    assert (
        "Nothing is kept of a conversation with bob"
        in refused(lambda: world.archive.find("bob"))[0]
    )


def test_a_stranger_is_found_by_the_name_that_is_shown(world: World) -> None:
    world.know("bob")
    stranger = world.know("b0b", highest=None, accepted=False)
    world.keep("b0b", "of a stranger")
    assert world.texts(f"b0b[{fingerprint(stranger.user_key)[:9]}]") == ["of a stranger"]


def test_the_relay_used_last_comes_first(world: World) -> None:
    world.keep("bob", "on the first", relay_id=FIRST)
    assert world.texts("bob") == ["on the first"]
    world.keep("bob", "on the second")
    assert [each.relay for each in world.archive.find("bob")] == ["127.0.0.1:2", "127.0.0.1:1"]
    assert world.texts("bob") == world.texts("bob", "127.0.0.1:2") == ["on the second"]
    assert world.texts("bob", "127.0.0.1:1") == ["on the first"]
    what, _ = refused(lambda: world.archive.find("bob", "127.0.0.1:3"))
    assert what == "Nothing is kept of a conversation with bob on 127.0.0.1:3; kept here: bob"


def test_who_is_not_found_is_told_who_would_be(world: World) -> None:
    what, try_next = refused(lambda: world.archive.find("dave"))
    assert what.endswith("with dave; alice has no conversations here")
    assert try_next.startswith("securechat client --name alice;")
    world.know("bob", petname="Bobby")
    for name in ("bob", "carol"):
        world.keep(name, "hello")
    assert refused(lambda: world.archive.find("dave")) == (
        "Nothing is kept of a conversation with dave; kept here: Bobby, carol",
        "securechat export Bobby --name alice",
    )
    for number in range(20):
        world.keep(f"n{number}", "hello")
    assert refused(lambda: world.archive.find("dave"))[0].endswith(", n17 and 2 more")


def test_a_room_is_quoted_in_the_command_to_try_where_it_would_be_a_comment(world: World) -> None:
    world.keep("#ops", "hello")
    _, try_next = refused(lambda: world.archive.find("dave"))
    assert try_next == "securechat export '#ops' --name alice"


def test_what_comes_after_the_beginning_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE_ENTRIES", 2)
    world.keep("bob", *"abc")
    archive = world.archive
    messages = archive.messages(archive.find("bob")[0])
    assert next(messages).text == "a"
    world.keep("bob", *"de")
    assert [each.text for each in messages] == ["b", "c"]


def test_a_conversation_without_messages_is_empty(world: World) -> None:
    world._table.apply(history.Retention(person_key(SECOND, "bob"), "bob", 7))
    assert world.texts("bob") == []
