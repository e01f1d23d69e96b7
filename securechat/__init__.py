"""Encrypted chat for people on a network that they control.

`securechat.Client` is the client for programs (`securechat.client.api`); it is loaded when it is
asked for, so that importing this package costs nothing.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from securechat.client.api import Client as Client
else:

    def __getattr__(name: str) -> object:
        if name != "Client":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from securechat.client.api import Client

        return Client
