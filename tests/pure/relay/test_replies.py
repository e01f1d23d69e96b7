from securechat.relay.replies import Replies


def test_answers_go_out_in_the_order_of_their_places() -> None:
    sent: list[str] = []
    replies = Replies(sent.append)
    replies.give("at once")
    first, second = replies.reserve(), replies.reserve()
    replies.give("behind both")
    second("second")
    assert sent == ["at once"]
    first("first")
    assert sent == ["at once", "first", "second", "behind both"]
    replies.give("again at once")
    assert sent[-1] == "again at once"
