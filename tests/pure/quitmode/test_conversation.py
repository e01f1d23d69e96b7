import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securechat.quitmode.conversation import (
    GREETING_S,
    GREETINGS_MAX,
    PAUSE_S,
    SCRIPT_ANSWER_S,
    Conversation,
    Role,
)
from securechat.quitmode.splitter import MESSAGE_MAX_BYTES, SILENCE_S
from securechat.transport.endpoint import Endpoint

PEER = Endpoint("127.0.0.1", 54321)
CONNECTED = "Connected to the server. Type 'quit' to end the chat.\n"
MET = "Client connected from: ('127.0.0.1', 54321)\nType 'quit' to end the chat.\n"


class Chat:
    """A conversation with a clock of its own; ``terminal`` echoes what is typed, as a real one."""

    def __init__(self, role: Role, *, terminal: bool = True, welcome: str | None = None) -> None:
        self.now = 1000.0
        self.screen = ""
        self.sent = b""
        self._terminal = terminal
        self._conversation = Conversation(role, on_terminal=terminal, shows_typing=terminal)
        self._conversation.opened(self.now, PEER, welcome)
        self._advance()

    @property
    def is_over(self) -> bool:
        return self._conversation.is_over

    @property
    def wants_peer(self) -> bool:
        return self._conversation.wants_peer

    @property
    def wants_typing(self) -> bool:
        return self._conversation.wants_typing

    def hears(self, *parts: bytes) -> "Chat":
        for part in parts:
            self._conversation.peer_sent(part, self.now)
        return self._advance()

    def loses_peer(self) -> "Chat":
        self._conversation.peer_left()
        return self._advance()

    def types(self, text: str) -> "Chat":
        if self._terminal:
            self.screen += text
        self._conversation.typed(text.encode(), self.now)
        return self._advance()

    def ends_typing(self) -> "Chat":
        self._conversation.typed_all()
        return self._advance()

    def waits(self, seconds: float = 1.0) -> "Chat":
        """Let time pass, waking the conversation only when it asked for it."""
        end = self.now + seconds
        for _ in range(1000):
            deadline = self._conversation.deadline
            if deadline is None or deadline > end:
                break
            assert deadline >= self.now, "it asks to be woken in the past"
            self.now = deadline
            self._advance()
        self.now = end
        return self

    def new_screen(self) -> str:
        screen, self.screen = self.screen, ""
        return screen

    def new_sent(self) -> bytes:
        sent, self.sent = self.sent, b""
        return sent

    def _advance(self) -> "Chat":
        self._conversation.advance(self.now)
        self.screen += self._conversation.take_screen()
        self.sent += self._conversation.take_outgoing()
        return self


def client(*, terminal: bool = True) -> Chat:
    """A client at its first prompt, with a clear screen."""
    chat = Chat(Role.CLIENT, terminal=terminal).waits()
    assert chat.new_screen() == f"{CONNECTED}You (Client): "
    return chat


def server(*, terminal: bool = True) -> Chat:
    """A server before its client's first message, with a clear screen."""
    chat = Chat(Role.SERVER, terminal=terminal).waits()
    assert chat.new_screen() == MET
    return chat


# The session of the documents ------------------------------------------------------------------


@pytest.mark.parametrize("terminal", [True, False])
def test_the_documented_session_of_the_client(terminal: bool) -> None:
    chat = Chat(Role.CLIENT, terminal=terminal).waits()
    chat.types("Hello, Server!\n").hears(b"Hi, Client!").waits()
    chat.types("How are you?\n").hears(b"I'm fine, thanks! You?").waits()
    assert chat.screen == (
        "Connected to the server. Type 'quit' to end the chat.\n"
        "You (Client): Hello, Server!\n"
        "Server says: Hi, Client!\n"
        "You (Client): How are you?\n"
        "Server says: I'm fine, thanks! You?\n"
        "You (Client): "
    )
    assert chat.sent == b"Hello, Server!How are you?"


@pytest.mark.parametrize("terminal", [True, False])
def test_the_documented_session_of_the_server(terminal: bool) -> None:
    chat = Chat(Role.SERVER, terminal=terminal).waits()
    chat.hears(b"Hello, Server!").waits().types("Hi, Client!\n")
    chat.hears(b"How are you?").waits()
    assert chat.screen == (
        "Client connected from: ('127.0.0.1', 54321)\n"
        "Type 'quit' to end the chat.\n"
        "Client says: Hello, Server!\n"
        "You (Server): Hi, Client!\n"
        "Client says: How are you?\n"
        "You (Server): "
    )
    assert chat.sent == b"Hi, Client!"


# Ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "sent"), [("quit", b"quit"), ("over", b"over"), (" QUIT ", b"quit")]
)
def test_the_user_quits(typed: str, sent: bytes) -> None:
    chat = client().types(f"{typed}\n")
    assert chat.is_over
    assert chat.sent == sent
    assert chat.screen == f"{typed}\n"


@pytest.mark.parametrize("sent", [b"quit", b"over\n", b"quit\r\n", b" Quit \n"])
def test_the_peer_quits_in_its_turn(sent: bytes) -> None:
    chat = server().hears(sent).waits()
    assert chat.is_over
    assert chat.screen == "Client has ended the chat.\n"
    assert chat.sent == b""


def test_the_peer_quits_while_the_user_sits_at_the_prompt() -> None:
    chat = client().types("hi\n").hears(b"hello\n").waits()
    chat.new_screen()
    assert chat.hears(b"quit\n").is_over
    assert chat.screen == "\nServer has ended the chat.\n"


def test_the_peer_disappears_while_the_user_sits_at_the_prompt() -> None:
    chat = client().loses_peer()
    assert chat.is_over
    assert chat.screen == "\nServer has disconnected.\n"


def test_the_peer_disappears_in_its_turn() -> None:
    chat = server().hears(b"unfinished").loses_peer()
    assert chat.is_over
    assert chat.screen == ("Client says: unfinished\nYou (Server): \nClient has disconnected.\n")


def test_the_peer_disappears_at_once() -> None:
    chat = Chat(Role.CLIENT).loses_peer()
    assert chat.is_over
    assert chat.screen == f"{CONNECTED}Server has disconnected.\n"


def test_what_the_peer_said_before_it_left_is_shown() -> None:
    chat = server().hears(b"one\ntwo\nthree\nquit\nfour\n")
    assert chat.is_over
    assert chat.screen == (
        "Client says: one\nYou (Server): \n"
        "Client says: two\nClient says: three\nClient has ended the chat.\n"
    )


def test_what_is_typed_already_is_still_said_to_a_peer_that_leaves() -> None:
    chat = server(terminal=False).types("a\nb\n").hears(b"one\ntwo\nquit\n")
    assert chat.is_over
    assert chat.sent == b"a\nb\n"
    assert chat.screen == (
        "Client says: one\nYou (Server): a\nClient says: two\nYou (Server): b\n"
        "Client has ended the chat.\n"
    )


def test_a_script_has_a_moment_to_answer_a_peer_that_leaves() -> None:
    chat = server(terminal=False).hears(b"one\nquit\n").waits(SCRIPT_ANSWER_S / 2)
    assert not chat.is_over
    assert chat.types("a\n").is_over
    assert chat.sent == b"a\n"
    assert chat.screen == "Client says: one\nYou (Server): a\nClient has ended the chat.\n"


def test_the_moment_of_a_script_is_bounded() -> None:
    chat = server(terminal=False).hears(b"one\nquit\n").waits(SCRIPT_ANSWER_S)
    assert chat.is_over
    assert chat.screen == "Client says: one\nYou (Server): \nClient has ended the chat.\n"


def test_the_end_of_the_input_quits_in_its_turn() -> None:
    chat = client(terminal=False).types("hi").ends_typing()
    assert chat.screen == "hi\n"
    assert chat.sent == b"hi"
    assert not chat.is_over
    chat.hears(b"hello\n").waits()
    assert chat.is_over
    assert chat.sent == b"hiquit\n"
    assert chat.screen == "hi\nServer says: hello\nYou (Client): "


def test_a_person_may_leave_out_of_turn() -> None:
    chat = client().types("hi\n").waits()
    assert chat.types("quit\n").is_over
    assert chat.sent == b"hiquit"


def test_ctrl_d_out_of_turn_leaves_too() -> None:
    chat = server().ends_typing()
    assert chat.is_over
    assert chat.sent == b"quit"


def test_a_person_may_leave_before_the_first_prompt() -> None:
    chat = Chat(Role.CLIENT).types("quit\n")
    assert chat.is_over
    assert chat.sent == b"quit"


def test_a_script_does_not_leave_out_of_turn() -> None:
    chat = client(terminal=False).types("hi\nquit\n").ends_typing().waits()
    assert not chat.is_over
    assert chat.hears(b"hello\n").is_over


def test_a_quit_waits_behind_what_was_typed_before_it() -> None:
    chat = server().types("first\nquit\n").waits()
    assert not chat.is_over
    assert chat.hears(b"hello\n").waits().is_over
    assert chat.sent == b"first\nquit\n"


# Turns -----------------------------------------------------------------------------------------


def test_a_peer_out_of_turn_waits_for_its_turn() -> None:
    chat = server().hears(b"one\n").waits()
    chat.hears(b"two\n").waits().hears(b"three\n").waits()
    assert chat.screen == "Client says: one\nYou (Server): "
    chat.types("a\n")
    assert chat.screen == "Client says: one\nYou (Server): a\nClient says: two\nYou (Server): "
    chat.new_screen()
    assert chat.types("b\n").new_screen() == "b\nClient says: three\nYou (Server): "
    assert chat.types("c\n").new_screen() == "c\n"


def test_text_typed_out_of_turn_waits_for_its_turn() -> None:
    chat = server().types("early\nbird\n").waits()
    assert chat.sent == b""
    chat.new_screen()
    chat.hears(b"hello\n").waits()
    assert chat.new_screen() == "Client says: hello\nYou (Server): early\n"
    assert chat.new_sent() == b"early\n"
    chat.hears(b"well\n")
    assert chat.new_sent() == b"bird\n"


@given(st.lists(st.sampled_from(["peer", "user", "wait"]), max_size=30))
def test_the_transcript_depends_on_what_is_said_not_on_when(order: list[str]) -> None:
    chat = client(terminal=False)
    chat.types("0\n")
    heard, typed = itertools.count(), itertools.count(1)
    for who in [*order, *["peer", "user"] * 31]:
        if who == "peer":
            chat.hears(f"{next(heard)}\n".encode())
        elif who == "user":
            chat.types(f"{next(typed)}\n")
        else:
            chat.waits()
    expected = "".join(f"{n}\nServer says: {n}\nYou (Client): " for n in range(31))
    assert chat.waits().screen.startswith(expected)


def test_empty_lines_are_no_messages() -> None:
    chat = client().types("\n")
    assert chat.sent == b""
    assert chat.new_screen() == "\nYou (Client): "
    chat.types("hi\n").hears(b"\n\r\n").waits()
    assert chat.new_screen() == "hi\n"
    assert chat.hears(b"hello\n").new_screen() == "Server says: hello\nYou (Client): "


def test_empty_lines_of_a_script_are_no_messages() -> None:
    chat = client(terminal=False).types("\n\n").types("hi\n")
    assert chat.sent == b"hi"
    assert chat.screen == "hi\n"


# Greetings -------------------------------------------------------------------------------------


def test_the_client_waits_a_moment_for_a_greeting_before_its_prompt() -> None:
    chat = Chat(Role.CLIENT).waits(GREETING_S / 2)
    assert chat.screen == CONNECTED
    assert chat.waits().screen == f"{CONNECTED}You (Client): "


@pytest.mark.parametrize("greeting", [b"Welcome!", b"Welcome!\n", b"Welcome!\r\n"])
def test_a_greeting_is_shown_as_it_is_and_takes_no_turn(greeting: bytes) -> None:
    chat = Chat(Role.CLIENT).hears(greeting).waits()
    assert chat.new_screen() == f"{CONNECTED}Welcome!\nYou (Client): "
    chat.types("hi\n").hears(b"hello\n").waits()
    assert chat.screen == "hi\nServer says: hello\nYou (Client): "


def test_a_script_waits_for_the_greeting_too() -> None:
    chat = Chat(Role.CLIENT, terminal=False).types("hi\n").hears(b"Welcome!")
    assert chat.sent == b""
    assert chat.waits().screen == f"{CONNECTED}Welcome!\nYou (Client): hi\n"


def test_a_late_greeting_is_a_greeting() -> None:
    chat = client().hears(b"Welcome!\n")
    assert chat.screen == "\nWelcome!\nYou (Client): "
    chat.new_screen()
    assert chat.types("hi\n").hears(b"hello\n").screen == "hi\nServer says: hello\nYou (Client): "


def test_a_flood_of_greetings_waits_for_its_turn() -> None:
    chat = client().hears(b"flood\n" * 1000)
    assert chat.new_screen() == "\n" + "flood\n" * GREETINGS_MAX + "You (Client): "
    assert chat.types("hi\n").new_screen() == "hi\nServer says: flood\nYou (Client): "


def test_the_server_greets_if_told_to_and_keeps_listening() -> None:
    chat = Chat(Role.SERVER, welcome="Hello!").waits()
    assert chat.sent == b"Hello!"
    assert chat.new_screen() == f"{MET}You (Server): Hello!\n"
    assert chat.hears(b"hi\n").screen == "Client says: hi\nYou (Server): "


# Bytes -----------------------------------------------------------------------------------------


def test_lines_end_as_the_peers_do() -> None:
    chat = client().types("a\n")
    assert chat.new_sent() == b"a"
    chat.hears(b"1\r\n").types("b\n")
    assert chat.new_sent() == b"b\r\n"
    chat.hears(b"2\n").types("c\n")
    assert chat.new_sent() == b"c\n"
    chat.hears(b"3").waits().types("d\n")
    assert chat.new_sent() == b"d"


def test_two_messages_in_a_row_are_kept_apart_by_silence() -> None:
    chat = server().hears(b"one").waits().hears(b"two").waits()
    chat.types("a\n").types("b\n")
    assert chat.new_sent() == b"a"
    chat.waits(PAUSE_S - 0.01)
    assert chat.new_sent() == b""
    chat.waits(0.02)
    assert chat.new_sent() == b"b"


def test_a_quit_right_after_a_message_is_kept_apart_too() -> None:
    chat = client().types("hi\nquit\n")
    assert (chat.new_sent(), chat.is_over) == (b"hi", False)
    assert chat.waits(PAUSE_S).is_over
    assert chat.sent == b"quit"


def test_a_ten_kilobyte_message_arrives_whole() -> None:
    text = "0123456789" * 1000
    parts = [text.encode()[start : start + 1024] for start in range(0, 10_000, 1024)]
    chat = server().hears(*parts).waits()
    assert chat.screen == f"Client says: {text}\nYou (Server): "


def test_a_character_in_two_segments_a_second_apart_is_not_broken() -> None:
    chat = server().hears(b"caf\xc3").waits(1.0).hears(b"\xa9").waits()
    assert chat.screen == "Client says: caf\u00e9\nYou (Server): "


def test_what_the_peer_sends_cannot_act_on_the_terminal() -> None:
    chat = server().hears(b"\x1b[2J\x9b\xc2\x9b\rYou (Server): \xe2\x80\xaeok\n").waits()
    shown = "\ufffd[2J\ufffd\ufffd\ufffdYou (Server): \ufffdok"
    assert chat.screen == f"Client says: {shown}\nYou (Server): "


def test_what_a_script_says_cannot_act_on_the_terminal_either() -> None:
    chat = client(terminal=False).types("\x1b[2J\n")
    assert chat.screen == "\ufffd[2J\n"
    assert chat.sent == b"\x1b[2J"


def test_an_endless_line_is_refused_and_the_chat_goes_on() -> None:
    chat = server()
    for _ in range(64):
        chat.hears(b"x" * 65_536)
    assert chat.new_screen() == (
        "(Client sent more than 1 MiB in one message; it is left out.)\nYou (Server): "
    )
    chat.types("enough\n").hears(b"\nsorry\n").waits()
    assert chat.screen == "enough\nClient says: sorry\nYou (Server): "


def test_an_endless_line_of_a_script_is_not_sent() -> None:
    chat = client(terminal=False).types("x" * MESSAGE_MAX_BYTES).types("x\nhi\n")
    assert chat.sent == b"hi"
    assert chat.screen == (
        "\n(That is more than 1 MiB in one line; it is not sent.)\nYou (Client): hi\n"
    )


def test_a_flood_out_of_turn_stops_the_reading_until_it_is_used_up() -> None:
    flood = "flood" * 200
    chat = server().hears(f"{flood}\n".encode() * 1200)
    assert not chat.wants_peer
    assert chat.waits(SILENCE_S * 2).screen == f"Client says: {flood}\nYou (Server): "
    for _ in range(1100):
        chat.types("x\n")
    assert chat.wants_peer


def test_a_stop_of_the_reading_is_no_silence() -> None:
    flood, lines = "flood" * 200, 1000
    chat = server().hears(f"{flood}\n".encode() * lines + b"hal")
    assert not chat.waits(60).wants_peer
    while not chat.wants_peer:
        chat.types("x\n")
        lines -= 1
    chat.waits(SILENCE_S / 2).hears(b"ves\n")
    for _ in range(lines):
        chat.types("x\n")
    assert chat.screen.endswith(
        f"Client says: {flood}\nYou (Server): x\nClient says: halves\nYou (Server): "
    )


def test_typing_ahead_is_bounded_too() -> None:
    chat = server()
    assert chat.wants_typing
    chat.types("flood\n" * 20_000)
    assert not chat.wants_typing
