"""``securechat listen``: messages as they come, for scripts."""

import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.access import Flags, check_peer, read_access
from securechat.cli.claiming import LAST_MOMENT_S, Beside, claim, serving
from securechat.cli.options import (
    MAX_TIMEOUT_S,
    CaOption,
    HostOption,
    JsonOption,
    NameOption,
    OnKeyChangeOption,
    PassphraseFileOption,
    PinOption,
    PortOption,
    ReadReceiptsOption,
    ServerOption,
    check_timeout,
)
from securechat.cli.process import errors_as_json, exit_on_signals, refuse_closed_output
from securechat.cli.settings import HomeOption
from securechat.errors import TimedOut, Unreachable

if TYPE_CHECKING:
    from securechat import Client
    from securechat.client.events import Ended, Event
    from securechat.client.profiles.access import Access
    from securechat.faces.scripting.listening import Listening
    from securechat.faces.scripting.requests import ListenRequest

CLAIM_S = 10.0
"""How long another command of the same profile may take to be done, or to take requests."""


def listen(
    context: typer.Context,
    sender: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME|#ROOM",
            help="Only what this person writes, who is no stranger then; or what a room says.",
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="End after so many messages.")
    ] = None,
    timeout_s: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            min=0.1,
            max=MAX_TIMEOUT_S,
            callback=check_timeout,
            help="End after so long.",
        ),
    ] = None,
    json_output: JsonOption = False,
    read_receipts: ReadReceiptsOption = None,
    name: NameOption = None,
    server: ServerOption = None,
    host: HostOption = None,
    port: PortOption = None,
    pin: PinOption = None,
    ca: CaOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
    on_key_change: OnKeyChangeOption = None,
) -> None:
    """Print each message as NAME: text. Works beside your running client too.

    What --from and --count leave out is kept, and shown by the next listen or client. Exit
    status 7: the time was over before --count messages had come, or without it before any had.
    4: whom --from names is CHANGED at the end. Beside your client it is that which checks --ca.
    """
    exit_on_signals()
    with errors_as_json(json_output):
        refuse_closed_output()
        flags = Flags(
            name=name,
            host=host,
            port=port,
            server=server,
            pin=pin,
            ca=ca,
            home=home,
            passphrase_file=passphrase_file,
            on_key_change=on_key_change,
            read_receipts=read_receipts,
        )
        access = read_access(context, flags, sender)
        if sender is not None:
            check_peer(sender, access.me, "listen --from {}", may_be_room=True)
        from securechat.faces.scripting.requests import ListenRequest

        listening = _open_output(json_output, count, sender)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            while not listening.is_over:
                _listen(access, ListenRequest(sender), listening, deadline)
        except TimedOut:
            listening.raise_changed()
            listening.raise_timed_out(timeout_s or 0.0)
        listening.raise_changed()


def _listen(
    access: "Access", request: "ListenRequest", listening: "Listening", deadline: float | None
) -> None:
    """Print what comes until that is enough, or the client that was asked has ended."""
    patience = time.monotonic() + CLAIM_S
    place = claim(access, patience if deadline is None else min(patience, deadline))
    if isinstance(place, Beside):
        ended = _listen_beside(place, access, request, listening, deadline)
    else:
        ended = _listen_alone(place, access, request, listening, deadline)
    if ended is not None and ended.error is not None:
        raise ended.error


def _listen_beside(
    place: Beside,
    access: "Access",
    request: "ListenRequest",
    listening: "Listening",
    deadline: float | None,
) -> "Ended | None":
    """Print what the command that has the profile open is told; it shows that too."""
    from securechat.faces.scripting.listening import hear_all
    from securechat.faces.scripting.requests import Shown, encode_request

    with place.connection as connection:
        connection.write_line(encode_request(request))

        def tell_shown(sender: str, message_id: str) -> None:
            with suppress(Unreachable):  # it has ended; what it had said can be read all the same
                shown = Shown(sender, message_id, access.read_receipts)
                connection.write_line(encode_request(shown))

        return hear_all(place.answers, listening, deadline, tell_shown)


def _listen_alone(
    client: "Client",
    access: "Access",
    request: "ListenRequest",
    listening: "Listening",
    deadline: float | None,
) -> "Ended | None":
    """Log in and print what comes; what is not printed is kept for later."""
    from securechat.faces.scripting.listening import hear_all
    from securechat.faces.scripting.requests import Audible
    from securechat.faces.scripting.sources import OwnEvents

    with closing(client), serving(client):
        audible, events = Audible(request), OwnEvents()

        def hear(event: "Event") -> None:
            if audible.includes(event):
                events.put(event)

        client.subscribe(hear)
        client.retell()
        client.start()
        if request.person is not None:
            client.talk_to(request.person)
        try:
            return hear_all(events, listening, deadline, client.shown)
        finally:
            if access.read_receipts:  # they may need a connection and somebody's keys first
                client.finish(LAST_MOMENT_S)


def _open_output(json_output: bool, count: int | None, sender: str | None) -> "Listening":
    from securechat.faces.scripting.listening import Listening, printing_json, printing_lines
    from securechat.faces.streams import LineWriter, unbuffered

    out = LineWriter(unbuffered(sys.stdout, "w"), sys.stdout.encoding)
    err = LineWriter(unbuffered(sys.stderr, "w"), sys.stderr.encoding)
    show = printing_json(out) if json_output else printing_lines(out, err)
    return Listening(show, out, count, sender)
