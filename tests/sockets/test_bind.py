import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from securechat.errors import PortInUse, SecureChatError, UsageError
from securechat.transport.bind import bind


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def listen(opened: ExitStack, host: str, port: int = 0) -> list[socket.socket]:
    return [opened.enter_context(closing(sock)) for sock in bind(host, port)]


def found(*addresses: tuple[str, int]) -> Any:
    """Return a name look-up that finds these IPv4 and IPv6 addresses."""

    def look_up(_host: str, port: int, **_options: Any) -> list[Any]:
        families = [socket.AF_INET6 if ":" in host else socket.AF_INET for host, _ in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (host, port or wanted))
            for family, (host, wanted) in zip(families, addresses, strict=True)
        ]

    return look_up


def test_port_0_picks_a_free_one(opened: ExitStack) -> None:
    (sock,) = listen(opened, "127.0.0.1")
    assert sock.getsockname()[1] > 0
    assert not sock.getblocking()


def test_all_addresses_of_a_name_share_the_port(
    opened: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", found(("::1", 0), ("127.0.0.1", 0)))
    sockets = listen(opened, "localhost")
    assert [sock.family for sock in sockets] == [socket.AF_INET6, socket.AF_INET]
    assert len({sock.getsockname()[1] for sock in sockets}) == 1


def test_a_port_that_is_taken_on_one_address_is_picked_again(
    opened: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    (taken,) = listen(opened, "127.0.0.1")
    port = taken.getsockname()[1]
    tries = iter([("::1", port), ("::1", 0)])
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *args, **options: found(next(tries), ("127.0.0.1", 0))(*args, **options),
    )
    assert listen(opened, "localhost")[0].getsockname()[1] != port


def test_an_address_that_this_machine_lacks_is_left_out(
    opened: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", found(("192.0.2.1", 0), ("127.0.0.1", 0)))
    assert [sock.getsockname()[0] for sock in listen(opened, "name")] == ["127.0.0.1"]


def test_a_taken_port_is_said_so(opened: ExitStack) -> None:
    (sock,) = listen(opened, "127.0.0.1")
    port = sock.getsockname()[1]
    with pytest.raises(PortInUse, match=str(port)) as caught:
        bind("127.0.0.1", port)
    assert "--port" in caught.value.try_next


@pytest.mark.parametrize("host", ["192.0.2.1", "", "no such name", "x" * 300])
def test_an_address_of_another_machine_is_said_so(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if " " in host or not host:

        def unknown(*_arguments: Any, **_options: Any) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UsageError, match="not an address of this machine") as caught:
        bind(host, 0)
    assert "--host" in caught.value.try_next


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [(errno.EACCES, UsageError, "may not listen"), (errno.ENOBUFS, SecureChatError, "Cannot")],
)
def test_other_refusals_are_said_so(
    code: int, kind: type[SecureChatError], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(code, "refused")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(kind, match=words) as caught:
        bind("127.0.0.1", 80)
    assert caught.value.try_next
