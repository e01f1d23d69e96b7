"""What a user can set of the full screen."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Theme = Literal["terminal", "dark", "light"]
"""The terminal's own colours, or fixed ones on a dark or a light ground."""

TerminalNotice = Literal["off", "osc9", "osc777"]
"""With which sequence the terminal is asked to notify its user, if with any."""


class ScreenSettings(Struct, frozen=True):
    """The settings of a run.

    ``keys`` are those of `securechat.faces.screen.actions.read_keys`. The others but ``theme`` say
    what happens when a message calls for attention: a ``bell``, a notice of the ``terminal`` or of
    the ``desktop``, with its first words if ``show_text``, and nothing during the ``quiet`` hours
    ("22:00-07:00", local time; "" is never). With ``tmux`` there is one between the chat and the
    terminal.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    theme: Theme = "terminal"
    bell: bool = True
    terminal: TerminalNotice = "off"
    desktop: bool = False
    show_text: bool = False
    quiet: str = ""
    tmux: bool = False
