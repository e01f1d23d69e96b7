"""Every limit and setting, with its default: frozen structs, read from TOML.

Flags win over the environment, the environment over the file, the file over these defaults; the
command line does that merging.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from securechat.errors import UsageError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5555
QUIT_MODE_PORT = 12345

Positive = Annotated[int, msgspec.Meta(ge=1)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]

Registration = Literal["auto", "open", "invite"]
"""Who may become new on a relay: anybody, or who is invited; auto asks where it listens."""

DEFAULT_REGISTRATION: Registration = "auto"

OnKeyChange = Literal["block", "notify"]
"""What a new key of somebody not verified does: it waits for an answer, or is taken and told."""

Theme = Literal["terminal", "dark", "light"]
"""The colours of the full screen; those of the terminal are whatever its user has chosen."""

_TIMES_OF_DAY = r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?\Z"
_TIMES_EXAMPLE = "22:00-07:00"
"""Nothing else is held against a pattern."""
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*)`")

FOREVER_DAYS = 1_000_000
"""A retention that never ends; nor does a longer one. Only events say None for it."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of a section: an unknown key is an error, not a silent typo."""


class ServerConfig(Section, frozen=True):
    """The relay's settings."""

    host: str = DEFAULT_HOST
    port: Port = DEFAULT_PORT
    announce: bool = True
    certs: str | None = None
    data: str | None = None
    handshake_timeout_s: Seconds = 5.0
    max_connections: Positive = 12_500
    max_unauthenticated: Positive = 256
    max_per_address: Positive = 64
    max_accounts: Positive = 100_000
    mailbox_bytes: Positive = 64 * 1024 * 1024
    mailbox_messages: Positive = 100_000
    mailbox_ttl_days: Positive = 30
    store_bytes: Positive = 1024 * 1024 * 1024
    window_bytes: Positive = 256 * 1024
    unanswered_bytes: Positive = 4 * 1024 * 1024
    account_bytes_per_s: Positive = 32 * 1024 * 1024
    login_failures_per_minute: Positive = 3
    registrations_per_minute: Positive = 600
    registration: Registration = DEFAULT_REGISTRATION
    pairing_tries_per_minute: Positive = 3
    drain_timeout_s: Seconds = 10.0


class NotifyConfig(Section, frozen=True):
    """How the full screen calls for attention while nobody looks at a conversation."""

    bell: bool = True
    terminal: Literal["off", "osc9", "osc777"] = "off"
    desktop: bool = False
    show_text: bool = False
    quiet: Annotated[str, msgspec.Meta(pattern=_TIMES_OF_DAY)] = ""
    """Local times between which it does not, as ``22:00-07:00``; empty for none."""


class ClientConfig(Section, frozen=True):
    """The client's settings."""

    server: str = f"{DEFAULT_HOST}:{DEFAULT_PORT}"
    name: str | None = None
    dial_timeout_s: Seconds = 3.0
    history_days: Annotated[int, msgspec.Meta(ge=0)] = FOREVER_DAYS
    read_receipts: bool = False
    presence: bool = True
    on_key_change: OnKeyChange = "block"
    typing: bool = True
    theme: Theme = "terminal"
    keys: dict[str, str] = msgspec.field(default_factory=dict)
    """Keys of the full screen by what they do; several for one are separated by commas."""
    notify: NotifyConfig = NotifyConfig()


class Config(Section, frozen=True):
    """The whole file."""

    server: ServerConfig = ServerConfig()
    client: ClientConfig = ClientConfig()


def settings_of(section: Section, beginning: str = "") -> Iterator[tuple[str, object]]:
    """Give every setting, its sections and a dot before it, in the order in which it is defined."""
    for name in section.__struct_fields__:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from settings_of(value, f"{beginning}{name}.")
        else:
            yield f"{beginning}{name}", value


def written_keys(text: str) -> frozenset[str]:
    """Return which settings, named as in `settings_of`, a text sets that `parse_config` takes."""
    tables = msgspec.toml.decode(text)
    return frozenset(name for name, _ in settings_of(Config()) if _is_in(name.split("."), tables))


def _is_in(path: Sequence[str], tables: Mapping[str, Any]) -> bool:
    first, *rest = path
    return first in tables and (not rest or _is_in(rest, tables[first]))


def parse_config(text: str, source: str) -> Config:
    """Return the settings of a TOML text; UsageError, naming ``source``, when it is broken."""
    try:
        return msgspec.toml.decode(text, type=Config)
    except (msgspec.MsgspecError, ValueError) as error:
        raise UsageError(
            f"The configuration {source} is broken: {_explain(str(error))}",
            f"mend that line, or move {source} away to use the defaults",
        ) from error


def _explain(error: str) -> str:
    """Return what msgspec found wrong, with its place as the file names it, and the choices."""
    reason, _, path = error.partition(" - at `$.")
    path = path.removesuffix("`").removesuffix("[...]")
    if unknown := _UNKNOWN.fullmatch(reason):
        return f"there is no {unknown['key']}" + (f" in [{path}]" if path else "")
    section, _, key = path.rpartition(".")
    if not section:
        return error
    if reason.startswith("Invalid enum value"):
        choices = get_args(_value_type(Config, [*section.split("."), key]))
        reason = f"{reason.removeprefix('Invalid enum value ')} is none of {', '.join(choices)}"
    if " matching regex " in reason:
        reason = f"not written like {_TIMES_EXAMPLE}"
    return f"{key} in [{section}]: {reason}"


def _value_type(section: type, path: Sequence[str]) -> type:
    """Return the type of a setting by the names that lead to it."""
    first, *rest = path
    found: type = get_type_hints(section)[first]
    return _value_type(found, rest) if rest else found
