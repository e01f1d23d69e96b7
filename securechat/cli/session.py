"""A profile and its engine, or the command that has them: what client, send and listen begin with.

A profile has one engine at a time. Whoever cannot have it asks the command that has it.
"""

import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import typer

from securechat.cli.access import Access, confirm
from securechat.cli.passphrase_input import read_passphrases
from securechat.errors import Busy, FileProblem, SecureChatError, TimedOut

if TYPE_CHECKING:
    from securechat.client.connect import Connector
    from securechat.client.events import Event, Ready
    from securechat.client.profile import Profile
    from securechat.faces.request_session import RequestSession
    from securechat.faces.sources import Answers
    from securechat.transport.local_dial import LocalConnection
    from securechat.transport.local_socket import LocalSession

ASK_AGAIN_S = 0.05
"""Between two attempts to have a profile, or to reach the command that has it."""

logger = logging.getLogger("securechat.cli")


def open_profile(access: Access) -> "Profile":
    """Open the profile, and say once that its key lies in a file; the caller closes it.

    Raises Busy when another client has it open, PassphraseRefused, and FileProblem.
    """
    from securechat.client.profile import Profile, default_home
    from securechat.transport.private_files import quote

    passphrases = partial(read_passphrases, access.me, access.passphrase_file)
    profile = Profile(access.home, access.me, passphrases)
    if profile.has_new_key:
        home = "" if access.home == default_home() else f" --home {quote(access.home)}"
        typer.echo(
            f"The key to what securechat keeps for {access.me} is in a file that only you can read;"
            f" to put it under a passphrase: securechat passphrase set --name {access.me}{home}",
            err=True,
        )
    return profile


@contextmanager
def open_engine(
    access: Access, profile: "Profile", peer: str | None = None, *, e2e: bool = True
) -> "Iterator[Connector]":
    """Decide whom to trust, and provide an engine until the block ends."""
    from securechat.client.connect import (
        Connector,
        decide_trust,
        parse_address,
        remembered_address,
    )

    settings = access.settings
    where = access.address or remembered_address(profile) or parse_address(settings.server)
    trust = decide_trust(profile, where, access.trust, confirm)
    connector = Connector(
        profile, where, trust, peer=peer, e2e=e2e, dial_timeout_s=settings.dial_timeout_s
    )
    try:
        yield connector
    finally:
        connector.close()


@contextmanager
def serving(profile: "Profile", connector: "Connector") -> Iterator[None]:
    """Let other commands use the engine, from its first log-in to the end of the block."""
    from securechat.client.beside import Reception
    from securechat.client.events import Ready
    from securechat.transport.local_place import has_local_sockets

    opened: list[Reception] = []

    def hear(event: "Event") -> None:
        if isinstance(event, Ready) and not event.again and has_local_sockets():
            accept = partial(_request_session, profile, connector, event)
            try:
                opened.append(Reception(profile, connector.loop, accept))
            except FileProblem as error:
                logger.info("send and listen cannot be used beside this: %s", error.what)

    unsubscribe = connector.engine.subscribe(hear)
    try:
        yield
    finally:
        unsubscribe()
        for reception in opened:
            reception.close()


def _request_session(
    profile: "Profile", connector: "Connector", ready: "Ready", session: "LocalSession"
) -> "RequestSession":
    from securechat.client.unsent import is_unsent
    from securechat.faces.request_session import RequestSession

    return RequestSession(
        connector.engine, ready, partial(is_unsent, profile.state), session.write_line, session.end
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """The command that has the profile open, ready for one request."""

    connection: "LocalConnection"
    answers: "Answers"


def claim(access: Access, deadline: float) -> "Profile | Beside":
    """Open the profile, or reach the command that has it; the caller closes what it gets.

    Tries until the ``deadline`` (of `time.monotonic`); then raises Busy.
    """
    from securechat.transport.local_place import has_local_sockets

    while True:
        try:
            return open_profile(access)
        except Busy:
            beside = _reach(access, deadline)
            if beside is not None:
                return beside
            if time.monotonic() >= deadline or not has_local_sockets():
                raise
        time.sleep(ASK_AGAIN_S)


def _reach(access: Access, deadline: float) -> Beside | None:
    """Return the command that has the profile open, if there is one that takes requests."""
    from securechat.client.beside import reach
    from securechat.client.events import Ready
    from securechat.client.profile import profile_directory
    from securechat.faces.sources import Answers

    connection = reach(profile_directory(access.home, access.me))
    if connection is None:
        return None
    try:
        answers = Answers(connection)
        greeting = answers.next(deadline - time.monotonic())
        if isinstance(greeting, Ready):
            _check_relay(access, greeting)
            return Beside(connection, answers)
    except TimedOut:
        pass
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None


def _check_relay(access: Access, ready: "Ready") -> None:
    if access.address is not None and str(access.address) != ready.relay:
        raise Busy(
            f"{access.me} is open in another securechat client, on the relay {ready.relay}",
            "close that one, or name no relay",
        )


@contextmanager
def errors_as_json(wanted: bool) -> Iterator[None]:
    """Print the error that ends the block as an object too, if that is ``wanted``."""
    try:
        yield
    except SecureChatError as error:
        if wanted:
            from securechat.faces.json_events import encode_error

            typer.echo(encode_error(error))
        raise


def exit_on_signals() -> None:
    """Leave by an exception when asked to end, so that the terminal and the files are put right."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _frame: sys.exit(128 + number))
