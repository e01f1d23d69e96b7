"""The keys of the screen as Textual wants them."""

from typing import Any

from textual.binding import Binding

from securechat.faces.screen.actions import ACTIONS, Scope


def method_of(action_id: str) -> str:
    """Return the name by which Textual calls an action."""
    return action_id.replace("-", "_")


def bindings_of(scope: Scope) -> list[Any]:
    """Return the bindings of a scope: all are done by the app, before a widget sees the key."""
    return [
        Binding(action.keys, f"app.{method_of(action.id)}", id=action.id, priority=True, show=False)
        for action in ACTIONS
        if action.scope is scope
    ]
