import socket
from pathlib import Path

import pytest

from securechat.errors import Unreachable
from securechat.transport.probe import probe
from tests.sockets.loop_world import Server, make_files, running_loop


def test_returns_the_certificate_whoever_signed_it(tmp_path: Path) -> None:
    with running_loop() as loop:
        server = Server(loop, make_files(tmp_path / "certs"))
        assert probe(server.host, server.port) == server.files.server().certificate
        assert server.next().next("closed") is None


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        probe("127.0.0.1", port)
