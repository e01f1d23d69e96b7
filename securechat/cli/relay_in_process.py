"""A relay beside a chat in one process, which ``securechat host`` runs: it prints nothing."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from securechat.errors import Busy, PortInUse, SecureChatError

if TYPE_CHECKING:
    from securechat.config import ServerConfig
    from securechat.identity.types import RelayId
    from securechat.relay.events import RelayEvent
    from securechat.relay.server import RelayServer
    from securechat.transport.endpoint import Endpoint

DAY_S = 24 * 60 * 60

logger = logging.getLogger("securechat.cli")


class OwnRelay(Struct, frozen=True):
    """A running relay: who it is, and where this machine and others reach it."""

    relay_id: "RelayId"
    is_new: bool
    """Whether its certificates were made now."""
    here: "Endpoint"
    elsewhere: "tuple[Endpoint, ...]"
    """Empty when it listens on loopback only."""
    listening: "tuple[Endpoint, ...]"
    """The addresses as they are bound."""


@contextmanager
def running_relay(
    config: "ServerConfig", certs: Path, data: Path, *, any_port: bool
) -> Iterator[OwnRelay]:
    """Run a relay until the block ends; with ``any_port`` on a free one when its own is in use.

    Raises what `RelayServer` raises at its start.
    """
    from securechat.transport.addresses import reachable_hosts

    relay, is_new, addresses = _start(config, certs, data, any_port=any_port)
    ended = threading.Event()
    threading.Thread(target=_renew_daily, args=(relay, ended), daemon=True).start()
    try:
        yield OwnRelay(
            relay.certificate.relay_id,
            is_new,
            _from_here(addresses[0]),
            tuple(addresses[0]._replace(host=host) for host in reachable_hosts(addresses)),
            tuple(addresses),
        )
    finally:
        ended.set()
        relay.stop()


def _start(
    config: "ServerConfig", certs: Path, data: Path, *, any_port: bool
) -> "tuple[RelayServer, bool, list[Endpoint]]":
    import msgspec

    from securechat.relay.server import RelayServer

    relay = RelayServer(config, certs, data, _log)
    is_new = relay.prepare_certificate()
    try:
        return relay, is_new, relay.start()
    except Busy as error:
        raise Busy(
            error.what,
            "securechat client, on that one; or: securechat host --home ANOTHER-DIRECTORY",
        ) from error
    except PortInUse as error:
        if not any_port:
            raise PortInUse(error.what, f"securechat host --port {config.port + 1}") from error
    relay = RelayServer(msgspec.structs.replace(config, port=0), certs, data, _log)
    relay.prepare_certificate()
    return relay, is_new, relay.start()


def _from_here(address: "Endpoint") -> "Endpoint":
    from securechat.config import DEFAULT_HOST

    is_any = ip_address(address.host.partition("%")[0]).is_unspecified
    return address._replace(host=DEFAULT_HOST) if is_any else address


def _renew_daily(relay: "RelayServer", ended: threading.Event) -> None:
    while not ended.wait(DAY_S):
        try:
            relay.check_certificate()
        except SecureChatError as error:
            logger.info("the certificate cannot be renewed: %s", error.what)


def _log(event: "RelayEvent") -> None:
    logger.info("relay: %s", event)
