import pytest

from securechat.transport.endpoint import Endpoint


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (Endpoint("192.168.1.20", 5555), "192.168.1.20:5555"),
        (Endpoint("chat.local", 1), "chat.local:1"),
        (Endpoint("::1", 5555), "[::1]:5555"),
    ],
)
def test_is_written_as_people_type_it(endpoint: Endpoint, text: str) -> None:
    assert str(endpoint) == text


@pytest.mark.parametrize(
    ("sockaddr", "endpoint"),
    [
        (("10.0.0.1", 7), Endpoint("10.0.0.1", 7)),
        (("fe80::1%eth0", 7, 0, 2), Endpoint("fe80::1%eth0", 7)),
        (("::ffff:10.0.0.1", 7, 0, 0), Endpoint("10.0.0.1", 7)),
    ],
)
def test_comes_from_a_socket_address(sockaddr: tuple[object, ...], endpoint: Endpoint) -> None:
    assert Endpoint.from_sockaddr(sockaddr) == endpoint
