"""A relay announced to the local network by multicast DNS, for `discovery.browse` to find.

What goes wrong is told, and tried again: a network comes and goes while a relay runs, and a relay
that is not announced is a relay all the same.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from securechat.errors import SecureChatError
from securechat.transport.addresses import Host
from securechat.transport.discovery import PERSON, SERVICE, VERSION, open_multicast
from securechat.transport.network_errors import reason

if TYPE_CHECKING:
    from zeroconf import ServiceInfo, Zeroconf

LOOK_AGAIN_S = 30.0
"""How often it is seen whether the addresses are still the same, and what failed is tried again."""

GOODBYE_S = 3.0
"""How long the end of an announcement may take."""

MAX_LABEL_BYTES = 58
"""Of a machine's name: DNS takes 63, and a mark of five follows."""


class Announcement(Struct, frozen=True):
    """What the network is told of a relay, beside its addresses."""

    port: int
    label: str
    """The machine's name."""
    person: str = ""
    """Whose relay it is, if it is somebody's."""


@contextmanager
def announce(
    relay: Announcement,
    look: Callable[[], Sequence[Host]],
    tell: Callable[[SecureChatError], None],
    look_again_s: float = LOOK_AGAIN_S,
) -> Iterator[None]:
    """Announce a relay until the block ends, in a thread of its own: nobody waits for it.

    ``look`` returns the addresses at which others reach the relay by now; ``tell`` gets what goes
    wrong, once until it works again. Both are called in that thread.
    """
    ended = threading.Event()
    arguments = (relay, look, tell, look_again_s, ended)
    thread = threading.Thread(target=_announce, args=arguments, name="announce", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(GOODBYE_S)


def _announce(
    relay: Announcement,
    look: Callable[[], Sequence[Host]],
    tell: Callable[[SecureChatError], None],
    look_again_s: float,
    ended: threading.Event,
) -> None:
    current = _Current(relay)
    is_told = False
    try:
        while not ended.is_set():
            try:
                current.announce(look())
                is_told = False
            except SecureChatError as error:
                if not is_told:
                    tell(error)
                is_told = True
            ended.wait(look_again_s)
    finally:
        current.withdraw()


class _Current:
    """What is announced now: the same relay at other addresses is announced anew."""

    def __init__(self, relay: Announcement) -> None:
        self._relay = relay
        self._hosts: Sequence[Host] = ()
        self._zeroconf: Zeroconf | None = None

    def announce(self, hosts: Sequence[Host]) -> None:
        """Announce these addresses in the place of others; none withdraws what was announced.

        Raises SecureChatError when the network, or another program on this machine, is in the way.
        """
        if hosts == self._hosts:
            return
        self.withdraw()
        if not hosts:
            return
        from zeroconf import Error

        try:
            self._zeroconf = open_multicast()
            self._zeroconf.register_service(_service(self._relay, hosts), allow_name_change=True)
        except (Error, OSError, RuntimeError, TimeoutError) as error:
            self.withdraw()
            raise _not_announced(error, self._relay.port) from error
        self._hosts = hosts

    def withdraw(self) -> None:
        """Tell the network that it is over."""
        zeroconf, self._zeroconf, self._hosts = self._zeroconf, None, ()
        if zeroconf is not None:
            from zeroconf import Error

            with suppress(Error, OSError, TimeoutError):
                zeroconf.close()


def _service(relay: Announcement, hosts: Sequence[Host]) -> "ServiceInfo":
    from zeroconf import ServiceInfo

    label = relay.label.encode()[:MAX_LABEL_BYTES].decode(errors="ignore")
    person = {PERSON: relay.person.encode()} if relay.person else {}
    return ServiceInfo(
        SERVICE,
        f"{label}-{secrets.token_hex(2)}.{SERVICE}",
        port=relay.port,
        properties={VERSION: b"1", **person},
        parsed_addresses=list(hosts),
    )


def _not_announced(error: Exception, port: int) -> SecureChatError:
    why = reason(error) if isinstance(error, OSError) else str(error) or type(error).__name__
    return SecureChatError(
        f"The relay cannot be announced on this network ({why}).",
        f"securechat join HOST:{port} there, with the address of this machine;"
        " or here: securechat server --no-announce",
    )
