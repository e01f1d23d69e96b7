"""A relay on a real store goes on with what a killed one had begun to drop."""

from pathlib import Path

from securechat.config import ServerConfig
from securechat.relay.records import REMOVED
from securechat.relay.relay import Relay
from securechat.relay.window import MAX_BATCH_BYTES
from securechat.store.relay_file import RelayFile
from tests.pure.identity.objects import RELAY
from tests.pure.store.conformance import ALICE, BOB, entry
from tests.sockets.test_store_thread import Disk

SIZE_BYTES = 10_000


def test_mailboxes_of_removed_devices_are_empty_after_the_next_start(tmp_path: Path) -> None:
    count = 3 * MAX_BATCH_BYTES // SIZE_BYTES
    killed = Disk(tmp_path / "relay.db")
    killed.store.save_now({(REMOVED, ALICE): b""})
    killed.store.start()
    killed.store.put([entry(n, size_bytes=SIZE_BYTES) for n in range(1, count)], lambda _: None)
    killed.store.put([entry(1, BOB)], lambda _: None)
    killed.store.close()

    disk = Disk(tmp_path / "relay.db")
    relay = Relay(
        RELAY,
        disk.store,
        ServerConfig(),
        clock=lambda: 0.0,
        now_ms=lambda: 0,
        call_later=lambda _delay_s, _call: None,
        on_event=lambda _event: None,
    )
    disk.store.start()
    disk.until(lambda: len(relay.open_mailbox(ALICE)) == 0)
    disk.settle()
    disk.store.close()

    file = RelayFile(tmp_path / "relay.db", lambda _news: None)
    assert list(file.mailboxes()) == [BOB]
    assert file.rows() == {}
    file.close()
