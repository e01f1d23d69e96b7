"""E2E.md says what the code does: labels, sizes, kinds, tables."""

import re
from pathlib import Path

import securechat.e2e
from securechat.client.connection.relays import KnownRelay
from securechat.client.names.contacts import Contact, ShownKey
from securechat.client.profiles.backup import Backup, Place
from securechat.e2e import amend_content, content, envelope, room_content, sas_content
from securechat.e2e.own_device import UserIdentity
from securechat.e2e.room_content import RoomPlace
from securechat.identity.chain import Highest
from tests.pure.e2e.hostile import plaintext_of
from tests.pure.e2e.world import make_pair, next_device

PACKAGE = Path(securechat.e2e.__file__).parent
DOCUMENT = (PACKAGE / "E2E.md").read_text(encoding="utf-8")
LABEL = re.compile(r"securechat/[a-z-]+/v\d")


def section(number: int) -> str:
    return DOCUMENT.split(f"\n## {number}. ")[1].split("\n## ")[0]


def test_it_names_exactly_the_labels_of_the_code() -> None:
    sources = [*PACKAGE.glob("*.py"), *(PACKAGE.parent / "identity").glob("*.py")]
    others = ("profiles/backup_file", "connection/invite_link")
    sources += [PACKAGE.parent / "client" / f"{name}.py" for name in others]
    used = {label for path in sources for label in LABEL.findall(path.read_text("utf-8"))}
    assert used
    assert set(LABEL.findall(DOCUMENT)) == used


def test_it_lists_exactly_the_kinds_of_content() -> None:
    listed = dict(re.findall(r"^\| (\d+) \| (\w+) \|", section(7), re.MULTILINE))
    assert listed == {
        str(content.KIND_TEXT): "text",
        str(content.KIND_RECEIPT): "receipt",
        str(content.KIND_RECOVERY): "recovery",
        str(content.KIND_READ): "read",
        str(content.KIND_POST): "post",
        str(room_content.KIND_ROSTER): "roster",
        str(room_content.KIND_ROSTER_REQUEST): "roster_request",
        str(room_content.KIND_ROOM_NOTICE): "room_notice",
        str(sas_content.KIND_SAS): "sas",
        str(amend_content.KIND_AMEND): "amend",
        str(amend_content.KIND_REACTION): "reaction",
        str(amend_content.KIND_TYPING): "typing",
    }


def test_it_states_the_sizes() -> None:
    for size_bytes in (*envelope.SIZES_BYTES, envelope.BLOB_SIZE_BYTES):
        assert f"{size_bytes:,}" in section(4)


def test_it_states_the_fields_of_a_backup() -> None:
    counts = {
        name: line.count(";") + 1
        for name, line in re.findall(r"^\| (\w+) \| (.*) \|$", section(10), re.MULTILINE)
    }
    objects = {"content": Backup, "identity": UserIdentity, "place": Place, "relay": KnownRelay}
    objects |= {"person": Contact, "shown": ShownKey}
    for name, struct in objects.items():
        assert counts[name] == len(struct.__struct_fields__), name
    for field in Highest.__struct_fields__:
        assert f"`{field}`" in section(10)


def test_it_lists_exactly_the_tables_of_the_state() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", section(6), re.MULTILINE))
    alice, bob = make_pair()
    alice = next_device(alice)
    alice.read(bob.send(alice))
    alice.send(bob)
    alice.endpoint.start_session(bob.shown(), 0)
    alice.endpoint.ask_recovery(bob.address, 0)
    room_id = alice.endpoint.rooms.create("ops", 0).room_id
    alice.endpoint.rooms.talk.hold(
        bob.address, RoomPlace(room_id, 1), plaintext_of(alice, bob), 0, late=False
    )
    alice.commit()
    assert listed == {table for table, _ in alice.rows}
