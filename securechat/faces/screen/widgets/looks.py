"""How each look is coloured, out of the theme's colours; trust and states are words besides."""

from collections.abc import Mapping

from rich.style import Style
from textual.color import Color

from securechat.faces.screen.drawing.spans import Look

_PLAIN = Style()
_STRONG = Style(bold=True)
_FAINT = Style(dim=True)
_REVERSE = Style(reverse=True)

_ATTRIBUTES = {
    Look.TIME: _FAINT,
    Look.OWN: _STRONG,
    Look.STATE: _FAINT,
    Look.CHANGED: _STRONG,
    Look.QUOTE: _FAINT,
    Look.STRONG: _STRONG,
    Look.EM: Style(italic=True),
    Look.STRUCK: Style(strike=True),
    Look.FAINT: _FAINT,
    Look.MARK: _FAINT,
    Look.NEW: _STRONG,
    Look.ALERT: _STRONG,
    Look.MENTION: _STRONG,
    Look.SELECTED: _REVERSE,
    Look.TITLE: _STRONG,
    Look.STATUS: _REVERSE,
    Look.SIDE_CURRENT: Style(bold=True, reverse=True),
    Look.SIDE_UNREAD: _STRONG,
    Look.HINT: _FAINT,
    Look.BLACK_ON_WHITE: Style(color="black", bgcolor="bright_white"),
}
_COLORS = {
    Look.NAME: "text-secondary",
    Look.OWN: "text-secondary",
    Look.TRUST: "text-success",
    Look.CHANGED: "text-error",
    Look.CODE: "text-warning",
    Look.NEW: "text-warning",
    Look.NOTICE: "text-secondary",
    Look.ALERT: "text-error",
    Look.MENTION: "text-warning",
    Look.REACTION: "text-secondary",
}
"""Names of colours that every theme has."""


def look_styles(colors: Mapping[str, str]) -> dict[Look, Style]:
    """Return the style of each look with the colours of a theme, by their names."""
    return {look: _ATTRIBUTES.get(look, _PLAIN) + _color(look, colors) for look in Look}


def _color(look: Look, colors: Mapping[str, str]) -> Style:
    if look not in _COLORS:
        return _PLAIN
    return Style(color=Color.parse(colors[_COLORS[look]]).rich_color)
