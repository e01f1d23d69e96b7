"""A profile and its engine, or the command that has them: what client, send and listen begin with.

A profile has one engine at a time. Whoever cannot have it asks the command that has it.
"""

import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from securechat.cli.access import Access, confirm
from securechat.cli.passphrase_input import read_passphrases
from securechat.cli.settings import home_flag
from securechat.errors import Busy, FileProblem, SecureChatError, TimedOut, Untrusted

if TYPE_CHECKING:
    from securechat.client.connect import Connector
    from securechat.client.events import Event, Ready
    from securechat.client.profile import Profile
    from securechat.faces.request_session import RequestSession
    from securechat.faces.sources import Answers
    from securechat.identity.types import Name
    from securechat.transport.local_dial import LocalConnection
    from securechat.transport.local_socket import LocalSession

ASK_AGAIN_S = 0.05
"""Between two attempts to have a profile, or to reach the command that has it."""

LAST_MOMENT_S = 2.0
"""How long a command that is done goes on for others that it serves."""

Shown = Callable[[str, str], None]

logger = logging.getLogger("securechat.cli")


def open_profile(access: Access) -> "Profile":
    """Open the profile, and say once that its key lies in a file; the caller closes it.

    Raises Busy when another client has it open, PassphraseRefused, and FileProblem.
    """
    from securechat.client.profile import Profile

    passphrases = partial(read_passphrases, access.me, access.passphrase_file)
    profile = Profile(access.home, access.me, passphrases)
    if profile.has_new_key:
        say_where_key_is(access.me, access.home)
    return profile


def say_where_key_is(me: "Name", home: Path) -> None:
    """Say that the key of a new profile lies in a file."""
    typer.echo(
        f"The key to what securechat keeps for {me} is in a file that only you can read;"
        f" to put it under a passphrase: securechat passphrase set --name {me}{home_flag(home)}",
        err=True,
    )


@contextmanager
def open_engine(
    access: Access, profile: "Profile", peer: str | None = None, *, e2e: bool = True
) -> "Iterator[Connector]":
    """Decide whom to trust, and provide an engine until the block ends."""
    from securechat.client.connect import Connector, decide_trust, remembered_address
    from securechat.client.events import Ready
    from securechat.client.relays import parse_address

    settings = access.settings
    where = access.address or remembered_address(profile) or parse_address(settings.server)
    trust = decide_trust(profile, where, access.trust, confirm)
    connector = Connector(
        profile,
        where,
        trust,
        peer=peer,
        e2e=e2e,
        read_receipts=access.read_receipts,
        settings=settings,
    )

    def hear(event: "Event") -> None:
        if isinstance(event, Ready):
            profile.remember()

    connector.engine.subscribe(hear)
    try:
        yield connector
    finally:
        connector.close()


@contextmanager
def serving(
    profile: "Profile", connector: "Connector", shown: Shown | None = None
) -> Iterator[None]:
    """Let other commands use the engine, from its first log-in to the end of the block.

    ``shown`` is called with sender and id of each message that one of them has printed: it is
    another one's then, and the engine forgets it, unless the caller shows all of them itself.
    """
    from securechat.client.events import Ready

    with ExitStack() as stack:

        def hear(event: "Event") -> None:
            if isinstance(event, Ready) and not event.again:
                stack.enter_context(hosting(profile, connector, event, shown))

        stack.callback(connector.engine.subscribe(hear))
        yield


@contextmanager
def hosting(
    profile: "Profile", connector: "Connector", ready: "Ready", shown: Shown | None = None
) -> Iterator[None]:
    """Let other commands use an engine that is logged in, until the block ends; see `serving`.

    What they have begun by then gets a moment.
    """
    from securechat.client.beside import Reception
    from securechat.transport.local_place import has_local_sockets

    if not has_local_sockets():
        yield
        return
    accept = partial(_request_session, profile, connector, ready, shown or connector.engine.shown)
    try:
        reception = Reception(profile, connector.loop, accept)
    except FileProblem as error:
        logger.info("send and listen cannot be used beside this: %s", error.what)
        yield
        return
    try:
        yield
        if reception.is_used:
            connector.engine.stop(LAST_MOMENT_S)
            connector.engine.join(LAST_MOMENT_S)
    finally:
        reception.close()


def _request_session(
    profile: "Profile",
    connector: "Connector",
    ready: "Ready",
    shown: Shown,
    session: "LocalSession",
) -> "RequestSession":
    from securechat.client.unsent import is_unsent
    from securechat.faces.request_session import RequestSession

    unsent = partial(is_unsent, profile.state)
    return RequestSession(connector.engine, ready, unsent, shown, session.write_line, session.end)


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
        except Busy as error:
            beside = _reach(access, deadline)
            if beside is not None:
                return beside
            if time.monotonic() >= deadline or not has_local_sockets():
                raise Busy(
                    f"{error.what}, which takes no requests: it may not be connected yet",
                    "the same when that one has ended, or with a longer --timeout",
                ) from error
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
    """Raise when the command that was found is not on the relay that the user means.

    It has checked the relay's certificate; a CA file has to be one, and is not compared.
    """
    from securechat.identity.types import fingerprint
    from securechat.transport.tls import ClientTls

    trust = access.trust
    if trust.ca_file is not None:
        ClientTls(ca_file=trust.ca_file)
    if trust.pin is not None and fingerprint(trust.pin) != ready.fingerprint:
        raise Untrusted(
            f"{access.me} is open on a relay with the fingerprint {ready.fingerprint};"
            f" the pin has {fingerprint(trust.pin)}",
            "close the securechat command that has it open, or leave out --pin",
        )
    if access.address is not None and str(access.address) != ready.relay:
        raise Busy(
            f"{access.me} is open in another securechat command, on the relay {ready.relay}",
            "close that one, or leave out --server",
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


def refuse_closed_output() -> None:
    """Raise FileProblem when nothing of what is printed can be read: what comes would be lost."""
    if sys.__stdout__ is None:
        raise FileProblem("The output is closed", "the same without >&-, or with > FILE")


def exit_on_signals() -> None:
    """Leave by an exception when asked to end, so that the terminal and the files are put right."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _frame: sys.exit(128 + number))
