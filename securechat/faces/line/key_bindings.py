"""What keys do at the prompt, beyond what prompt_toolkit does with them."""

from typing import Protocol

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys


class Prompt(Protocol):
    """What is asked for with a key; ``line`` is what is being typed."""

    def interrupt(self, line: Buffer) -> None:
        """Ctrl-C."""

    def accept(self, line: Buffer) -> None:
        """Enter."""

    def complete(self, line: Buffer) -> None:
        """Tab."""

    def paste(self, line: Buffer, text: str) -> None:
        """Something was pasted, in a terminal that tells that from typing."""


def key_bindings(prompt: Prompt) -> KeyBindings:
    """Return the bindings for a prompt."""
    bindings = KeyBindings()
    typing = has_focus(DEFAULT_BUFFER)

    @bindings.add("c-c")
    @bindings.add("<sigint>")
    def interrupt(event: KeyPressEvent) -> None:
        prompt.interrupt(event.current_buffer)

    @bindings.add("enter", filter=typing)
    def accept(event: KeyPressEvent) -> None:
        prompt.accept(event.current_buffer)

    @bindings.add("tab", filter=typing)
    def complete(event: KeyPressEvent) -> None:
        prompt.complete(event.current_buffer)

    @bindings.add(Keys.BracketedPaste, filter=typing)
    def paste(event: KeyPressEvent) -> None:
        prompt.paste(event.current_buffer, event.data)

    @bindings.add(Keys.Vt100MouseEvent, eager=True)
    @bindings.add(Keys.CPRResponse, eager=True)
    def ignore(event: KeyPressEvent) -> None:
        """Drop what only a paste can hold: the reports of a terminal, which nobody asked for.

        prompt_toolkit takes a pasted colour for one of the mouse, and fails on it.
        """

    return bindings
