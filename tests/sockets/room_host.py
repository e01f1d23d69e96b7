"""A process that runs some clients, and can be killed with all of them: what `crowded_room` starts.

It says in lines of JSON what its clients are told, and does what it reads: who writes what.
"""

import json
import os
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from securechat import Client
from securechat.client import commands as c
from securechat.client import events as e
from securechat.errors import SecureChatError
from tests.processes import environment

LOBBY = "#lobby"

LOGIN_S = 120.0
"""For machines where all the clients of a test start at once."""


class Where(NamedTuple):
    """The relay, the room, and where the clients keep their profiles."""

    address: str
    ca: Path
    homes: Path
    room: str


class Host:
    """The clients of this process, each with a thread that takes its events."""

    def __init__(self, where: Where, stdout: int) -> None:
        self._where = where
        self._stdout = stdout
        self._telling = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, names: Sequence[str]) -> None:
        """Let clients come; each says so once it is logged in."""
        for name in names:
            self._threads.append(threading.Thread(target=self._try_to_live, args=(name,)))
            self._threads[-1].start()

    def carry_out(self, name: str, do: str, *arguments: str) -> None:
        """Do what is asked of a client that is there."""
        chat, room = self._clients[name], self._where.room
        if do == "create":
            chat.create(room)
        elif do == "invite":
            chat.invite(room, *arguments)
        elif do == "find":
            for other in arguments:
                chat.talk_to(other)
        elif do == "say":
            (text,) = arguments
            self._tell("typed", name, chat.send(room, text), text)

    def end(self) -> None:
        """Let all clients end in order."""
        for chat in self._clients.values():
            chat.stop()
        for thread in self._threads:
            thread.join()

    def _try_to_live(self, name: str) -> None:
        try:
            self._live(name)
        except SecureChatError as error:
            self._tell("failed", name, error.what)

    def _live(self, name: str) -> None:
        where = self._where
        home, lobby = where.homes / name, where.room == LOBBY
        chat = Client(
            name,
            where.address,
            ca=where.ca,
            home=home,
            lobby=lobby,
            login_s=LOGIN_S,
            flush_s=LOGIN_S,
        )
        with chat:
            self._clients[name] = chat
            self._tell("in", name)
            for event in chat.events():
                self._note(name, chat, event)
        self._tell("out", name)

    def _note(self, name: str, chat: Client, event: e.Event) -> None:
        match event:
            case e.Message():
                mark = "late" if event.late else "missing" if event.missing else ""
                self._tell("message", name, event.sender, event.message_id, event.text, mark)
            case e.PeerReady():
                self._tell("found", name)
            case e.Sent():
                self._tell("sent", name, event.message_id)
            case e.Invitation():
                chat.join(event.room)
            case e.RoomNews(change=e.RoomChange.JOINED):
                self._tell("joined", name)
            case e.Problem():
                self._tell("problem", name, event.error.what)
            case e.RoomNews(room="#lobby") | e.PresenceChanged(room="#lobby"):
                chat.ask(c.Who(LOBBY))
            case e.RoomPeople(people=people):
                self._tell("others", name, str(len(people) - 1))

    def _tell(self, *words: str) -> None:
        with self._telling:
            os.write(self._stdout, json.dumps(words).encode() + b"\n")


def run_host(
    names: Sequence[str], where: Where, pipes: tuple[Connection, Connection], stderr: Path
) -> None:
    """Be such a process: its input, its output, and a file for its errors."""
    stdin, stdout = pipes
    os.environ.clear()
    os.environ.update(environment(where.homes))
    os.dup2(os.open(stderr, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), 2)
    host = Host(where, stdout.fileno())
    host.begin(names)
    with open(stdin.fileno(), closefd=False, encoding="utf-8") as lines:
        for line in lines:
            host.carry_out(*json.loads(line))
    host.end()
