from securechat.e2e.rows import ChangeLog


def test_a_row_is_encoded_when_taken_and_once() -> None:
    changes, values = ChangeLog(), [b"first"]
    calls = []

    def encode() -> bytes:
        calls.append(1)
        return values[-1]

    changes.put("table", b"key", encode)
    changes.put("table", b"key", encode)
    values.append(b"last")
    assert changes.take() == {("table", b"key"): b"last"}
    assert len(calls) == 1
    assert changes.take() == {}


def test_the_last_change_counts() -> None:
    changes = ChangeLog()
    changes.put("table", b"one", lambda: b"")
    changes.delete("table", b"one")
    changes.delete("table", b"two")
    changes.put("table", b"two", lambda: b"")
    assert changes.take() == {("table", b"one"): None, ("table", b"two"): b""}
