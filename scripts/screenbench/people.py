"""A reader with two long conversations, made in its store, and those who have written them."""

import os
from contextlib import closing

from clientbench.peer import SENDER
from clientbench.places import COMMAND, Place

from securechat import Client
from securechat.client.events import Message
from securechat.client.profiles.profile import Profile
from securechat.identity.names import parse_name
from securechat.store.history import Entry

READER, OTHER = "reader", "other"
TALKERS = (SENDER, OTHER)

_AT_ONCE = 10_000
_BETWEEN_MS = 10_000


def client_command(place: Place) -> list[str]:
    """Return how the reader's client is started, in the conversation with the sender."""
    flags = ("--name", READER, "--peer", SENDER, "--server", place.address)
    return [*COMMAND, "client", *flags, "--ca", str(place.ca), "--home", str(place.home(READER))]


def last_text(talker: str, messages: int) -> str:
    """Return the last of so many messages of a talker."""
    return f"{talker} has written {messages} messages"


def make_reader(place: Place, messages: int) -> None:
    """Make a reader who has so many messages of each talker in its history."""
    with _client(place, READER) as reader:
        for name in TALKERS:
            with _client(place, name) as talker:
                reader.send(name, "hello")
                talker.send(READER, "hello")
                next(event for event in reader.events() if isinstance(event, Message))
    with closing(Profile(place.home(READER), parse_name(READER), tuple)) as profile:
        with profile.state.read_history() as table:
            known = [entry for entry in table.last(2 * len(TALKERS)) if not entry.is_own]
        for entry in known:
            for start in range(0, messages, _AT_ONCE):
                end = min(start + _AT_ONCE, messages)
                profile.state.commit(
                    {}, [_message(entry, number, messages) for number in range(start, end)]
                )


def _message(like: Entry, number: int, messages: int) -> Entry:
    return like._replace(
        message_id=os.urandom(16),
        text=last_text(like.sender, number + 1),
        time_ms=like.time_ms - (messages - number) * _BETWEEN_MS,
        request=False,
    )


def _client(place: Place, name: str) -> Client:
    return Client(name, place.address, home=place.home(name), ca=place.ca)
