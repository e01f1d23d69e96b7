"""``securechat send``: one message, for scripts."""

import sys
import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.access import Flags, check_peer, read_access
from securechat.cli.claiming import Beside, claim, hosting
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
    ServerOption,
    check_timeout,
)
from securechat.cli.process import errors_as_json, exit_on_signals
from securechat.cli.prompting import can_ask
from securechat.cli.settings import HomeOption
from securechat.errors import UsageError
from securechat.faces.scripting.waiting import Wait

if TYPE_CHECKING:
    from securechat import Client
    from securechat.client.events import Event
    from securechat.faces.scripting.following import Following
    from securechat.faces.scripting.requests import Sending

TIMEOUT_S = 10.0
ALONE_S = 1.0
"""How long others of the same profile take turns; from then on they are served."""


def send(
    context: typer.Context,
    to: Annotated[str, typer.Argument(help="Whom to write to.")],
    message: Annotated[
        str, typer.Option("-m", "--message", metavar="TEXT", help="The message; - is stdin.")
    ] = "-",
    wait: Annotated[
        Wait,
        typer.Option(
            "--wait",
            help="Until it is handed to the connection, the relay answers for it, the"
            " recipient's device has opened it, or the recipient was shown it and lets you know.",
        ),
    ] = Wait.ACCEPTED,
    timeout_s: Annotated[
        float,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            min=0.1,
            max=MAX_TIMEOUT_S,
            callback=check_timeout,
            help="How long to wait at most.",
        ),
    ] = TIMEOUT_S,
    json_output: JsonOption = False,
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
    """Send one message and end: -m TEXT, or all of stdin. Works beside your running client too.

    Exit status 0: it has come as far as --wait says. 7: not yet, and it waits in your outbox, which
    any later command of yours hands over; so it may after 5 (a full mailbox) and after a signal,
    which says so. Any other: see README; nothing was sent. Beside your client it is that which
    checks --ca.
    """
    exit_on_signals()
    with errors_as_json(json_output):
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
        )
        access = read_access(context, flags, to)
        check_peer(to, access.me, "send {} -m TEXT", may_be_room=True)
        _check_room(to, wait)
        from securechat.faces.scripting.following import Following
        from securechat.faces.scripting.requests import SendRequest

        text = _read_text(message)
        message_to = Following(
            SendRequest(to, text), wait, timeout_s, _print_json if json_output else _print_nothing
        )
        place = claim(access, message_to.deadline)
        if isinstance(place, Beside):
            _send_beside(place, message_to)
        else:
            _send_alone(place, message_to)


def _check_room(to: str, wait: Wait) -> None:
    """Raise UsageError for what cannot be sent, or waited for, in a room."""
    from securechat.client.names.typed_names import LOBBY, is_room

    if to.casefold() == LOBBY:
        raise UsageError(
            f"{LOBBY} is for those who are there, and send is gone at once",
            "securechat client, which comes to the lobby",
        )
    if is_room(to) and wait in (Wait.DELIVERED, Wait.READ):
        raise UsageError(
            f"In a room nobody says what was {wait}", f"securechat send '{to}' --wait accepted"
        )


def _send_beside(place: Beside, message: "Following") -> None:
    """Have the message sent by the command that has the profile open."""
    from securechat.faces.scripting.requests import encode_request

    with place.connection as connection:
        connection.write_line(encode_request(message.request))
        try:
            message.follow(place.answers)
        except (KeyboardInterrupt, SystemExit):
            if not message.is_accepted:
                _say_interrupted(message.request.recipient, "your running securechat has it, and")
            raise


def _send_alone(client: "Client", message: "Following") -> None:
    """Log in and send the message; what others have written meanwhile is kept for later."""
    from securechat.client.history.unread import Unread

    sendings: list[Sending] = []
    with closing(client):
        Unread(client.profile.state, time.monotonic).check()
        try:
            _follow(client, message, sendings)
        except (KeyboardInterrupt, SystemExit):
            if any(sending.is_kept for sending in sendings):
                _say_interrupted(message.request.recipient, "it waits in your outbox, and")
            raise


def _follow(client: "Client", message: "Following", sendings: "list[Sending]") -> None:
    """Send the message; add what was taken to ``sendings``. Serves others while it has to wait."""
    from securechat.client.events import DeviceRenewed, Ended, Ready
    from securechat.client.messages.unsent import is_unsent
    from securechat.faces.entries import lay_out
    from securechat.faces.scripting.requests import Sending
    from securechat.faces.scripting.sources import OwnEvents
    from securechat.faces.wording.notices import device_renewed

    events = OwnEvents()

    def hear(event: "Event") -> None:
        if isinstance(event, Ready | Ended):
            events.put(event)
        elif isinstance(event, DeviceRenewed):
            typer.echo(lay_out(device_renewed()), err=True)

    leave = client.subscribe(hear)
    client.start()
    ready = message.await_ready(events)
    unsent = partial(is_unsent, client.profile.state)
    sendings.append(Sending(client, message.request, unsent, events.put))
    leave()
    if not message.follow_for(ALONE_S, events):
        with hosting(client, ready):
            message.follow(events)


def _say_interrupted(recipient: str, where: str) -> None:
    typer.echo(
        f"securechat: interrupted; the message to {recipient} was taken: {where} goes out later",
        err=True,
    )


def _print_json(event: "Event") -> None:
    from securechat.faces.json_lines.events import encode_event

    typer.echo(encode_event(event))


def _print_nothing(_event: "Event") -> None:
    """Say nothing: the exit status says it."""


def _read_text(message: str) -> str:
    """Return the text to send, which is all of stdin for ``-``, less one newline at its end.

    Raises UsageError when there is none, or none that one message can hold.
    """
    from securechat.client.input.command_line import TEXT_MAX_BYTES, fitting_text

    text = _read_stdin(TEXT_MAX_BYTES) if message == "-" else message
    if not text.strip():
        raise UsageError("There is nothing to send", "securechat send NAME -m TEXT")
    return fitting_text(text)


def _read_stdin(max_bytes: int) -> str:
    if can_ask():
        typer.echo("Type the message; Ctrl-D on a line of its own sends it.", err=True)
    data = sys.stdin.buffer.read(max_bytes + 3)
    if len(data) > max_bytes + 2:
        raise UsageError(
            f"The text has more than the {max_bytes:,} bytes that a message holds;"
            " nothing was sent",
            "send it in parts",
        )
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise UsageError("The text is not UTF-8, nothing was sent", "send UTF-8 text") from error
