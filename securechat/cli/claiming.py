"""A client, or the command that has the profile: what client, send and listen begin with.

A profile has one client at a time. Whoever cannot have it asks the command that has it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from securechat.errors import Busy, FileProblem, TimedOut, Untrusted

if TYPE_CHECKING:
    from securechat import Client
    from securechat.client.events import Event, Ready
    from securechat.client.profiles.access import Access
    from securechat.faces.scripting.request_session import RequestSession
    from securechat.faces.scripting.sources import Answers
    from securechat.transport.local_dial import LocalConnection
    from securechat.transport.local_socket import LocalSession

ASK_AGAIN_S = 0.05
"""Between two attempts to have a profile, or to reach the command that has it."""

LAST_MOMENT_S = 2.0
"""How long a command that is done goes on for others that it serves."""

Shown = Callable[[str, str], None]

logger = logging.getLogger("securechat.cli")


def open_client(
    access: "Access",
    peer: str | None = None,
    *,
    lobby: bool = False,
    e2e: bool = True,
    offline: bool = False,
) -> "Client":
    """Open a client, whose name is the one used last once it has begun; the caller closes it.

    Raises as `Client.open` does.
    """
    from securechat import Client
    from securechat.client.events import BegunOffline, Ready

    client = Client.of(access, peer=peer, lobby=lobby, e2e=e2e, offline=offline).open()

    def hear(event: "Event") -> None:
        if isinstance(event, Ready | BegunOffline):
            client.profile.remember()

    client.subscribe(hear)
    return client


@contextmanager
def serving(client: "Client", shown: Shown | None = None) -> Iterator[None]:
    """Let other commands use the client, from its beginning to the end of the block.

    It begins with its first log-in, or without the relay if that is away and it may.

    ``shown`` is called with sender and id of each message that one of them has printed: it is
    another one's then, and the client forgets it, unless the caller shows all of them itself.
    """
    from securechat.client.events import BegunOffline, Ready

    with ExitStack() as stack:
        is_hosting = False

        def hear(event: "Event") -> None:
            nonlocal is_hosting
            if isinstance(event, Ready | BegunOffline) and not is_hosting:
                is_hosting = True
                ready = Ready(event.name, event.relay, event.fingerprint, again=False)
                stack.enter_context(hosting(client, ready, shown))

        stack.callback(client.subscribe(hear))
        yield


@contextmanager
def hosting(client: "Client", ready: "Ready", shown: Shown | None = None) -> Iterator[None]:
    """Let other commands use a client that has begun, until the block ends; see `serving`.

    They are greeted with ``ready``: which relay this is about, also while that is away.
    What they have begun by then gets a moment.
    """
    from securechat.transport.local_place import has_local_sockets

    if not has_local_sockets():
        yield
        return
    try:
        reception = client.receive_requests(
            partial(_request_session, client, ready, shown or client.shown)
        )
    except FileProblem as error:
        logger.info("send and listen cannot be used beside this: %s", error.what)
        yield
        return
    try:
        yield
        if reception.is_used:
            client.finish(LAST_MOMENT_S)
    finally:
        reception.close()


def _request_session(
    client: "Client", ready: "Ready", shown: Shown, session: "LocalSession"
) -> "RequestSession":
    from securechat.client.messages.unsent import is_unsent
    from securechat.faces.scripting.request_session import RequestSession

    unsent = partial(is_unsent, client.profile.state)
    return RequestSession(client, ready, unsent, shown, session.write_line, session.end)


class Beside(Struct, frozen=True):
    """The command that has the profile open, ready for one request."""

    connection: "LocalConnection"
    answers: "Answers"


def claim(access: "Access", deadline: float) -> "Client | Beside":
    """Open a client, or reach the command that has the profile; the caller closes what it gets.

    Tries until the ``deadline`` (of `time.monotonic`); then raises Busy.
    """
    from securechat.transport.local_place import has_local_sockets

    while True:
        try:
            return open_client(access)
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


def _reach(access: "Access", deadline: float) -> Beside | None:
    """Return the command that has the profile open, if there is one that takes requests."""
    from securechat.client.events import Ready
    from securechat.client.profiles.beside import reach
    from securechat.client.profiles.profile import profile_directory
    from securechat.faces.scripting.sources import Answers

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


def _check_relay(access: "Access", ready: "Ready") -> None:
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
