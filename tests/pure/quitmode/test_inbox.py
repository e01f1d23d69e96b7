import pytest

from securechat.quitmode.inbox import WAITING_MAX_BYTES, Inbox, is_quit
from securechat.quitmode.splitter import Message


@pytest.mark.parametrize("text", ["quit", "over", "QUIT", "Over", "  quit\t", "\rquit\r"])
def test_two_words_end_the_chat(text: str) -> None:
    assert is_quit(text)


@pytest.mark.parametrize("text", ["", "quit!", "it is over", "quitquit", "q uit", "/quit", "exit"])
def test_other_messages_do_not(text: str) -> None:
    assert not is_quit(text)


def test_messages_come_out_in_order() -> None:
    inbox = Inbox()
    inbox.put([Message("one"), Message("two")])
    inbox.put([Message("three")])
    assert inbox.first == Message("one")
    assert [inbox.take().text for _ in range(3)] == ["one", "two", "three"]
    assert not inbox


def test_empty_messages_are_none() -> None:
    inbox = Inbox()
    inbox.put([Message("")])
    assert not inbox


def test_a_quit_is_noticed_wherever_it_stands() -> None:
    inbox = Inbox()
    inbox.put([Message("one")])
    assert not inbox.has_quit
    inbox.put([Message("two"), Message("Quit "), Message("three")])
    assert inbox.has_quit


def test_it_is_full_by_size() -> None:
    inbox = Inbox()
    inbox.put([Message("x" * (WAITING_MAX_BYTES - 1))])
    assert inbox.is_full
    inbox.take()
    assert not inbox.is_full


def test_it_is_full_by_number() -> None:
    inbox = Inbox()
    inbox.put(Message("x") for _ in range(20_000))
    assert inbox.is_full
