from securechat.cli.demonstration.partner import ANSWERS, GREETING, Partner
from securechat.client.events import PresenceChanged
from securechat.client.input.command_line import TEXT_MAX_BYTES
from tests.pure.faces.fake_engine import FakeEngine
from tests.pure.faces.sample_events import message, peer_ready


def partner() -> tuple[Partner, FakeEngine]:
    engine = FakeEngine()
    return Partner(engine, "Bob"), engine


def test_the_guest_is_greeted_when_they_can_be_written_to() -> None:
    alice, engine = partner()
    alice.hear(PresenceChanged("Bob", True))
    alice.hear(peer_ready())
    assert engine.sent == [("Bob", GREETING)]


def test_each_message_gets_an_answer_that_quotes_it() -> None:
    alice, engine = partner()
    texts = [f"line {number}" for number in range(len(ANSWERS) + 1)]
    for text in texts:
        alice.hear(message(text))
    assert [recipient for recipient, _ in engine.sent] == ["Bob"] * len(texts)
    answers = [str(answer) for _, answer in engine.sent]
    assert all(text in answer for text, answer in zip(texts, answers, strict=True))
    assert len(set(answers[:-1])) == len(ANSWERS)


def test_an_answer_to_anything_fits_a_message() -> None:
    alice, engine = partner()
    for text in ("x" * TEXT_MAX_BYTES, "{text}{0}", "e" + "\u0301" * 4000, "\x1b[2J"):
        alice.hear(message(text))
    for _, answer in engine.sent:
        assert len(str(answer).encode()) < TEXT_MAX_BYTES
        assert "\x1b" not in str(answer)
