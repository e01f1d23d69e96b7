"""The lines that people type, parsed: the same for every face."""

from dataclasses import dataclass

from securechat.errors import UsageError


@dataclass(frozen=True, slots=True)
class Say:
    """Text for the current conversation."""

    text: str


@dataclass(frozen=True, slots=True)
class Msg:
    """``/msg TARGET text``: a message to a person, from anywhere."""

    target: str
    text: str


@dataclass(frozen=True, slots=True)
class Who:
    """``/who``: the people who are connected."""


@dataclass(frozen=True, slots=True)
class Verify:
    """``/verify [NAME]``: the safety number; without a name, of the current conversation."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Help:
    """``/help``: what can be typed."""


@dataclass(frozen=True, slots=True)
class Quit:
    """``/quit``: leave."""


Command = Say | Msg | Who | Verify | Help | Quit

HELP = (
    ("/msg NAME text", "write to NAME, and stay in the conversation with them"),
    ("/who", "who is connected to the relay"),
    ("/verify [NAME]", "show the safety number to compare with NAME"),
    ("/help", "this list"),
    ("/quit", "leave (or Ctrl-D)"),
    ("//text", "a message that begins with a slash"),
)


def parse_line(line: str) -> Command | None:
    """Return what a typed line asks for, or None for an empty one.

    Raises UsageError for an unknown or incomplete command: it is never sent as text.
    """
    text = line.strip("\r\n")
    if not text.strip():
        return None
    if text.startswith("//"):
        return Say(text[1:])
    if not text.startswith("/"):
        return Say(text)
    word, _, rest = text[1:].partition(" ")
    return _parse_command(word.lower(), rest.strip())


def _parse_command(word: str, rest: str) -> Command:
    match word:
        case "msg":
            target, _, text = rest.partition(" ")
            if not target or not text.strip():
                raise UsageError("/msg needs a name and a text", "/msg bob hello")
            return Msg(target, text.strip())
        case "verify":
            return Verify(rest or None)
        case "who":
            return Who()
        case "help":
            return Help()
        case "quit":
            return Quit()
        case _:
            raise UsageError(f"There is no command /{word}", f"/help, or //{word} to say it")
