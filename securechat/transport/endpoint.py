"""Where the other side is: a host and a port, written the way people type them."""

from typing import Any, NamedTuple


class Endpoint(NamedTuple):
    """A host (name, IPv4 or IPv6 address without brackets) and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def from_sockaddr(cls, sockaddr: tuple[Any, ...]) -> "Endpoint":
        """Return the endpoint of a socket address; IPv4 mapped into IPv6 becomes IPv4 again."""
        return cls(str(sockaddr[0]).removeprefix("::ffff:"), int(sockaddr[1]))
