"""A person on a command line, and what their commands print."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from securechat.client.profiles.profile import Profile
from securechat.identity.names import parse_name
from tests.processes import Client, Event, JsonProcess, Process, Relay, chatting, run, running

DONE, FAILED, USAGE, UNREACHABLE, UNTRUSTED, LIMIT, REFUSED, TIMED_OUT = range(8)


class Person:
    """A name, a home, and the commands of whoever has both."""

    def __init__(self, name: str, relay: Relay, directory: Path) -> None:
        self.name = name
        self.relay = relay
        self.home = directory / name
        self.flags = ("--name", name, *relay.flags)

    @property
    def profile(self) -> Path:
        return self.home / "profiles" / self.name

    def send(self, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
        return run("send", *arguments, *self.flags, home=self.home, stdin=stdin)

    def listen(self, *arguments: str) -> tuple[int, str, str]:
        return run("listen", *arguments, *self.flags, home=self.home)

    @contextmanager
    def sending(self, *arguments: str) -> Iterator[Process]:
        with running("send", *arguments, *self.flags, home=self.home) as process:
            yield process

    @contextmanager
    def listening(self, *arguments: str) -> Iterator[JsonProcess]:
        """Run ``listen --json`` until the block ends; it is connected when the block begins."""
        process = JsonProcess(("listen", "--json", *arguments, *self.flags), self.home)
        try:
            process.expect("ready")
            yield process
        finally:
            process.close()

    @contextmanager
    def chatting(self, *arguments: str) -> Iterator[Client]:
        """Run ``client --json`` until the block ends; it is connected when the block begins."""
        with chatting(self.home, *arguments, *self.flags) as client:
            client.expect("ready")
            yield client


def kinds(stdout: str) -> list[str]:
    objects = [json.loads(line) for line in stdout.splitlines()]
    assert all(found["v"] == 1 for found in objects)
    return [found["event"] for found in objects]


def texts(events: list[Event]) -> list[str]:
    return [event["text"] for event in events if event["event"] == "message"]


def unread(person: Person) -> bool:
    with Profile(person.home, parse_name(person.name), tuple) as profile:
        return any(kind == "unread" for kind, _ in profile.state.load())
