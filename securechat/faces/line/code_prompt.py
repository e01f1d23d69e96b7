"""Where a spoken code is typed: Tab types its words to their end, a typo is told and costs nothing.

Importing this module costs a tenth of a second: prompt_toolkit.
"""

import os
import re
from collections.abc import Callable, Iterator
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_input
from prompt_toolkit.shortcuts import CompleteStyle

from securechat.client.pairing.pairing_code import PairingCode, complete_code, parse_code
from securechat.errors import UsageError
from securechat.faces.line.terminal import open_output

PROMPT = "Code: "

_LAST_WORD = re.compile(r"[A-Za-z]*\Z")


def ask_code(stdin: TextIO, output: TextIO) -> PairingCode:
    """Ask on a terminal until what is typed is a code; EOFError when the user ends it."""
    read = _make_reader(stdin, output)
    while True:
        try:
            return parse_code(read())
        except UsageError as error:
            print(f"{error.what}; {error.try_next}", file=output, flush=True)


def _make_reader(stdin: TextIO, output: TextIO) -> Callable[[], str]:
    """Return what reads a line after the prompt, with Tab where the terminal has the keys."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return lambda: _read_plainly(stdin, output)
    session: PromptSession[str] = PromptSession(
        PROMPT,
        completer=_Words(),
        complete_while_typing=False,
        complete_style=CompleteStyle.READLINE_LIKE,
        input=create_input(stdin),
        output=open_output(output),
    )
    return session.prompt


def _read_plainly(stdin: TextIO, output: TextIO) -> str:
    print(PROMPT, end="", file=output, flush=True)
    if not (line := stdin.readline()):
        raise EOFError
    return line


class _Words(Completer):
    """What the word before the cursor can become."""

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 (all completers are told)
    ) -> Iterator[Completion]:
        before = document.text_before_cursor
        begun = _LAST_WORD.search(before)
        begun_size = len(begun[0]) if begun is not None else 0
        for word in complete_code(before):
            yield Completion(word, start_position=-begun_size)
