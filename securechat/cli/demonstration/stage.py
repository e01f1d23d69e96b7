"""The demo's world: a relay and its clients, in a temporary home that goes when it closes."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from securechat.cli.demonstration.seat import Seat
from securechat.cli.demonstration.signals import deferring_signals
from securechat.cli.demonstration.witness import Witness
from securechat.config import ServerConfig
from securechat.errors import FileProblem
from securechat.relay.server import RelayServer
from securechat.transport.addresses import LOCALHOST, LOOPBACK, interface_addresses
from securechat.transport.certificate_directory import CA, SERVER, SERVER_KEY
from securechat.transport.certificates import (
    encode_certificate,
    encode_key,
    issue_server_certificate,
    make_authority,
    make_key,
)
from securechat.transport.issuing import DEFAULT_LIFETIME
from securechat.transport.private_files import PUBLIC_FILE_MODE, make_private_directory
from securechat.transport.staged_files import NewFile, install

DRAIN_S = 2.0


class Stage:
    """A running relay with a witness in it, and the seats at it."""

    def __init__(self, home: Path, resources: ExitStack) -> None:
        """Start the relay on a free port; ``resources`` closes it and the seats."""
        self.witness = Witness()
        self._home = home
        self._certs = home / "certs"
        self._resources = resources
        _make_certificates(self._certs)
        config = ServerConfig(port=0, drain_timeout_s=DRAIN_S)
        relay = RelayServer(
            config,
            self._certs,
            home / "relay",
            lambda _event: None,
            make_session=self.witness.make_session,
        )
        relay.prepare_certificate()
        self.address = relay.start()[0]
        resources.callback(relay.stop)
        self.relay_id = relay.certificate.relay_id

    def seat(self, name: str, peer: str) -> Seat:
        """Return a client of somebody who wants to talk to ``peer``."""
        with deferring_signals():
            seat = Seat(
                name, peer, self._home / "clients", self.address, self._certs / CA, self.relay_id
            )
            self._resources.callback(seat.close)
        return seat


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Give a stage; when the block ends, all is closed in order and every file of it removed."""
    with ExitStack() as resources:
        try:
            with deferring_signals():
                stage = Stage(resources.enter_context(_temporary_home()), resources)
            yield stage
        finally:
            with deferring_signals():
                resources.close()


@contextmanager
def _temporary_home() -> Iterator[Path]:
    try:
        directory = tempfile.TemporaryDirectory(prefix="securechat-demo-")
    except OSError as error:
        raise FileProblem(
            f"Cannot make a temporary directory: {error.strerror}",
            "TMPDIR=DIR securechat demo, with a directory that you can write to",
        ) from error
    with directory as path:
        yield Path(path)


def _make_certificates(directory: Path) -> None:
    """Make what ``gen-certs`` makes, without asking the DNS what this machine is called.

    The interface addresses are named because a relay renews a certificate that lacks one; the
    authority's key is not kept, nothing else will be issued.
    """
    now = datetime.now(UTC)
    authority, key = make_authority(now), make_key()
    hosts = (LOCALHOST, *LOOPBACK, *interface_addresses())
    certificate = issue_server_certificate(
        authority, key.public_key(), hosts, now, DEFAULT_LIFETIME
    )
    make_private_directory(directory)
    files = {
        CA: NewFile(encode_certificate(authority.certificate), PUBLIC_FILE_MODE),
        SERVER: NewFile(encode_certificate(certificate), PUBLIC_FILE_MODE),
        SERVER_KEY: NewFile(encode_key(key)),
    }
    install(directory, files)
