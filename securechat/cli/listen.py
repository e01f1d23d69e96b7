"""``securechat listen``: messages as they come, for scripts."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.access import Access, Flags, check_peer, read_access
from securechat.cli.options import (
    CaOption,
    HostOption,
    JsonOption,
    NameOption,
    PassphraseFileOption,
    PinOption,
    PortOption,
    ServerOption,
)
from securechat.cli.session import (
    Beside,
    claim,
    errors_as_json,
    exit_on_signals,
    open_engine,
    serving,
)
from securechat.cli.settings import HomeOption
from securechat.errors import TimedOut

if TYPE_CHECKING:
    from securechat.client.events import Ended
    from securechat.client.profile import Profile
    from securechat.faces.listening import Listening
    from securechat.faces.requests import ListenRequest

CLAIM_S = 10.0
"""How long another command of the same profile may take to be done, or to take requests."""


def listen(
    context: typer.Context,
    sender: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME",
            help="Only what this person writes, who is no stranger then.",
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="End after so many messages.")
    ] = None,
    timeout_s: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=0.1, help="End after so long."),
    ] = None,
    json_output: JsonOption = False,
    name: NameOption = None,
    server: ServerOption = None,
    host: HostOption = None,
    port: PortOption = None,
    pin: PinOption = None,
    ca: CaOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
) -> None:
    """Print each message as NAME: text. Works beside your running client too.

    What --from and --count leave out is kept, and shown by the next listen or client. Exit
    status 7: the time was over before --count messages had come, or without it before any had.
    """
    exit_on_signals()
    with errors_as_json(json_output):
        flags = Flags(name, host, port, server, pin, ca, home, passphrase_file)
        access = read_access(context, flags, sender)
        if sender is not None:
            check_peer(sender, access.me, "listen", "--from")
        from securechat.faces.requests import ListenRequest

        listening = _open_output(json_output, count)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            while not listening.is_over:
                _listen(access, ListenRequest(sender), listening, deadline)
        except TimedOut:
            listening.raise_timed_out(timeout_s or 0.0)


def _listen(
    access: Access, request: "ListenRequest", listening: "Listening", deadline: float | None
) -> None:
    """Print what comes until that is enough, or the client that was asked has ended."""
    patience = time.monotonic() + CLAIM_S
    place = claim(access, patience if deadline is None else min(patience, deadline))
    if isinstance(place, Beside):
        ended = _listen_beside(place, request, listening, deadline)
    else:
        ended = _listen_alone(place, access, request, listening, deadline)
    if ended is not None and ended.error is not None:
        raise ended.error


def _listen_beside(
    place: Beside, request: "ListenRequest", listening: "Listening", deadline: float | None
) -> "Ended | None":
    """Print what the command that has the profile open is told; it shows that too."""
    from securechat.faces.listening import hear_all
    from securechat.faces.requests import encode_request

    with place.connection as connection:
        connection.write_line(encode_request(request))
        return hear_all(place.answers, listening, deadline)


def _listen_alone(
    profile: "Profile",
    access: Access,
    request: "ListenRequest",
    listening: "Listening",
    deadline: float | None,
) -> "Ended | None":
    """Log in and print what comes; what is not printed is kept for later."""
    from securechat.client.unread import Unread
    from securechat.faces.listening import Gate, hear_all
    from securechat.faces.sources import OwnEvents

    with profile:
        unread, events = Unread(profile.state), OwnEvents()
        try:
            with open_engine(access, profile) as connector, serving(profile, connector):
                gate = Gate(unread, request, listening.left, events.put)
                connector.engine.subscribe(gate.hear)
                for message in unread:
                    connector.engine.retell(message)
                connector.engine.start()
                if request.sender is not None:
                    connector.engine.talk_to(request.sender)
                return hear_all(events, listening, deadline)
        finally:
            for message in listening.take_unprinted(events):
                unread.keep(message)


def _open_output(json_output: bool, count: int | None) -> "Listening":
    from securechat.faces.listening import Listening, printing_json, printing_lines
    from securechat.faces.streams import LineWriter, unbuffered

    out = LineWriter(unbuffered(sys.stdout, "w"), sys.stdout.encoding)
    err = LineWriter(unbuffered(sys.stderr, "w"), sys.stderr.encoding)
    show = printing_json(out) if json_output else printing_lines(out, err)
    return Listening(show, out, count)
