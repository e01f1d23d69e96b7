from hypothesis import given, settings
from hypothesis import strategies as st

from securechat.transport.send_queue import SendQueue

operations = st.lists(st.binary(max_size=40) | st.integers(1, 30), max_size=100)


@settings(max_examples=3 * settings().max_examples)
@given(operations)
def test_what_comes_out_is_what_went_in(steps: list[bytes | int]) -> None:
    queue, expected = SendQueue(), b""
    for step in steps:
        if isinstance(step, bytes):
            queue.append(step)
            expected += step
        else:
            taken = bytes(queue.take(step))
            assert taken == expected[:step]
            expected = expected[step:]
        assert queue.size_bytes == len(expected)


def test_a_single_chunk_is_not_copied() -> None:
    queue, data = SendQueue(), b"x" * 1000
    queue.append(data)
    assert queue.take(1000) is data


def test_clear_forgets_everything() -> None:
    queue = SendQueue()
    queue.append(b"abc")
    queue.clear()
    assert queue.size_bytes == 0
    assert queue.take(10) == b""
