"""What the relay tells the program around it: never a text, a key or an address book."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Joined:
    """A person's device has logged in."""

    name: str


@dataclass(frozen=True, slots=True)
class Left:
    """A person's last connected device has gone."""

    name: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A login has failed, for this reason (a code of PROTOCOL.md)."""

    address: str
    code: str


RelayEvent = Joined | Left | Refusal
