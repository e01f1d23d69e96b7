"""The two-party, turn-based chat: a socket and two prompts, no relay.

The bytes are UTF-8 text without framing, so a bare socket script or ``nc`` is a full peer.
"""

from securechat.quitmode.console import Console
from securechat.quitmode.conversation import DEFAULT_WELCOME
from securechat.quitmode.session import join, serve

__all__ = ["DEFAULT_WELCOME", "Console", "join", "serve"]
