from securechat.e2e.rows import ChangeLog
from securechat.e2e.seen import SeenTable


def test_keys_are_remembered_across_a_reload_and_forgotten_in_time() -> None:
    changes = ChangeLog()
    table = SeenTable("nonce", changes, {})
    table.add(b"late", 2)
    rows = {row: value for row, value in changes.take().items() if value is not None}
    table.add(b"early", 1)
    rows |= {row: value for row, value in changes.take().items() if value is not None}

    table = SeenTable("nonce", changes, rows | {("other", b"x"): bytes(8)})
    assert b"early" in table
    assert b"late" in table
    assert b"x" not in table
    table.forget_before(1)
    assert changes.take() == {}
    table.forget_before(2)
    assert changes.take() == {("nonce", b"early"): None}
    assert b"early" not in table
    assert b"late" in table
