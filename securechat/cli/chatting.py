"""The chat itself: what client, host and join do once it is clear who talks where."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from securechat.cli.claiming import open_client, serving
from securechat.cli.failure_log import failures_noted
from securechat.cli.process import exit_on_signals, refuse_closed_output
from securechat.cli.typed_ahead import forgotten_on_failure
from securechat.collection import no_collection
from securechat.errors import UsageError
from securechat.faces.color import ColorChoice, wants_color

if TYPE_CHECKING:
    from securechat import Client
    from securechat.client.profiles.access import Access
    from securechat.config import ClientConfig, NotifyConfig
    from securechat.faces.screen.settings import ScreenSettings

SCROLLBACK_MESSAGES = 20
"""How many earlier messages a terminal shows at the start; a program asks for them."""


class Look(Struct, frozen=True):
    """What a chat looks like: JSON lines, the full screen, or lines; with colour or without.

    ``notify`` says when it calls for attention.
    """

    json: bool
    color: ColorChoice
    notify: "NotifyConfig"
    screen: "ScreenSettings | None" = None


def read_screen_settings(
    settings: "ClientConfig", *, plain: bool, json: bool
) -> "ScreenSettings | None":
    """Return what the full screen is like, or None where the chat is one in lines.

    That is on a terminal that can do little, where there is none, and where it is asked for. Raises
    UsageError for keys that cannot be bound.
    """
    streams = (sys.stdin, sys.stdout, sys.stderr)
    known = os.environ.get("TERM", "dumb") != "dumb"
    if plain or json or not known or not all(stream.isatty() for stream in streams):
        return None
    from securechat.faces.screen.actions import read_keys
    from securechat.faces.screen.settings import ScreenSettings

    notify = settings.notify
    return ScreenSettings(
        keys=read_keys(settings.keys),
        theme=settings.theme,
        bell=notify.bell,
        terminal=notify.terminal,
        desktop=notify.desktop,
        show_text=notify.show_text,
        quiet=notify.quiet,
        tmux="TMUX" in os.environ,
    )


def begin_chat(command: str, *, plain: bool, json: bool) -> None:
    """Prepare the process for a chat; UsageError for flags of this command that do not agree."""
    if plain and json:
        raise UsageError("--plain and --json exclude each other", f"securechat {command} --help")
    exit_on_signals()
    refuse_closed_output()


def is_read_along() -> bool:
    """Return whether somebody sits at the chat, and it is none between programs."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def scrollback_messages() -> int:
    """Return how many earlier messages are shown at the start: none where nobody reads along."""
    return SCROLLBACK_MESSAGES if is_read_along() else 0


@contextmanager
def chatting(
    access: "Access",
    peer: str | None,
    scrollback: int = 0,
    *,
    lobby: bool = False,
    e2e: bool = True,
    offline: bool = False,
) -> "Iterator[Client]":
    """Provide an open client, beside which other commands can be used.

    ``offline``: it may begin without the relay, see `securechat.client.session.Session`.
    A message that one of those prints is still to be shown here. So many messages of earlier runs
    are shown first. What fails in it is noted in the home, and what was typed ahead is forgotten.
    """
    with forgotten_on_failure(), no_collection():
        opened = open_client(access, peer, lobby=lobby, e2e=e2e, offline=offline)
    with (
        forgotten_on_failure(),
        failures_noted(access.home),
        closing(opened) as client,
        serving(client, shown=lambda _sender, _message_id: None),
    ):
        client.retell(scrollback)
        yield client


def show(engine: "Client", peer: str | None, look: Look, *, lobby: bool = False) -> None:
    """Run the chat on the standard streams; it begins with the ``peer``, or in the ``lobby``."""
    if look.json:
        _show_json(engine, peer, lobby)
    elif look.screen is not None:
        _show_screen(engine, peer, lobby, look.color, look.screen)
    else:
        _show_lines(engine, peer, lobby, look)


def _show_json(engine: "Client", peer: str | None, lobby: bool) -> None:
    from securechat.faces.json_lines.chat import run_json
    from securechat.faces.streams import unbuffered

    stdin, stdout = unbuffered(sys.stdin, "r"), unbuffered(sys.stdout, "w")
    run_json(engine, peer=peer, lobby=lobby, stdin=stdin, stdout=stdout)


def _show_screen(
    engine: "Client", peer: str | None, lobby: bool, color: ColorChoice, settings: "ScreenSettings"
) -> None:
    from securechat.faces.chat.line_chat import CHECK_MARK
    from securechat.faces.screen.run import run_screen
    from securechat.faces.streams import can_show

    run_screen(
        engine,
        peer=peer,
        lobby=lobby,
        settings=settings,
        color=wants_color(color, os.environ, terminal=True),
        unicode=can_show(CHECK_MARK, sys.stdout),
    )


def _show_lines(engine: "Client", peer: str | None, lobby: bool, look: Look) -> None:
    from datetime import datetime

    from securechat.faces.bell import is_quiet
    from securechat.faces.line.run import run_lines

    notify = look.notify
    run_lines(
        engine,
        peer=peer,
        lobby=lobby,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        color=look.color,
        may_ring=lambda: notify.bell and not is_quiet(notify.quiet, datetime.now()),
    )
