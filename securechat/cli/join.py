"""``securechat join``: come to somebody's relay with the code that they say, and chat."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from msgspec import Struct, structs

from securechat.cli.access import ask_name, choose_name, say_where_key_is
from securechat.cli.chatting import Look, begin_chat, chatting, scrollback_messages, show
from securechat.cli.code_input import read_code
from securechat.cli.finding import find_place, read_place
from securechat.cli.options import (
    ColorOption,
    JsonOption,
    NameOption,
    PassphraseFileOption,
    PlainOption,
)
from securechat.cli.passphrase_input import read_passphrases, remembering
from securechat.cli.process import errors_as_json
from securechat.cli.prompting import can_ask
from securechat.cli.settings import HomeOption, refuse_flags
from securechat.client.profiles.surroundings import load_settings, resolve_home
from securechat.errors import NameInvalid, NameTaken
from securechat.faces.color import ColorChoice

if TYPE_CHECKING:
    from securechat.client.connection.invite_link import InviteLink
    from securechat.client.pairing.joining import Joined
    from securechat.client.pairing.pairing_code import PairingCode
    from securechat.client.profiles.access import Access
    from securechat.client.profiles.profile import Profile
    from securechat.config import ClientConfig
    from securechat.identity.types import Name, RelayId
    from securechat.transport.endpoint import Endpoint

Came = TypeVar("Came")


def join(
    context: typer.Context,
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="[ADDRESS|LINK]", help="The relay [it is looked for on this network]."
        ),
    ] = None,
    name: NameOption = None,
    code_file: Annotated[
        Path | None,
        typer.Option(
            "--code-file",
            metavar="FILE",
            readable=False,
            allow_dash=True,
            help="The first line of this file is the code; - is the input [it is asked for].",
        ),
    ] = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
    plain: PlainOption = False,
    color: ColorOption = ColorChoice.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Join somebody with the code that they say to you, or with their link."""
    from securechat.client.connection.invite_link import InviteLink

    begin_chat("join", plain=plain, json=json_output)
    with ExitStack() as stack:
        with errors_as_json(json_output):
            settings = load_settings(home).client
            place = None if address is None else read_place(address)
            if isinstance(place, InviteLink):
                refuse_flags(context, ("code_file",), "is for a code; a link needs none")
                if not place.has_inviter:
                    name = name or place.name
            directory = resolve_home(home)
            me = choose_name(directory, name or settings.name, None, alone=True, guess=True)
            guest = _Guest(me, directory, settings, passphrase_file)
            place = place or find_place()
            if isinstance(place, InviteLink):
                peer, access = _come_by_link(guest, place)
            else:
                peer, access = _pair(guest, place, read_code(code_file), json=json_output)
            engine = stack.enter_context(chatting(access, peer, scrollback_messages()))
        show(engine, peer, Look(json_output, color, settings.notify))


class _Guest(Struct, frozen=True):
    """Who joins, and what of an access does not depend on where."""

    me: "Name"
    home: Path
    settings: "ClientConfig"
    passphrase_file: Path | None

    def access_to(self, relay: "Endpoint") -> "Access":
        """Return the access to a relay; a passphrase that is typed once serves twice."""
        from securechat.client.profiles.access import Access

        return Access(
            me=self.me,
            home=self.home,
            address=relay,
            settings=self.settings,
            read_receipts=self.settings.read_receipts,
            passphrases=remembering(partial(read_passphrases, self.me, self.passphrase_file)),
            tell_new_key=say_where_key_is,
        )


def _come_by_link(guest: _Guest, link: "InviteLink") -> "tuple[str | None, Access]":
    """Register at the relay of a link, which is trusted; return who has invited, and how to get in.

    In a link of the operator that is nobody. A name that somebody has there leaves the invitation,
    and another one is asked for.
    """
    from securechat.client.pairing.joining_by_link import accept_link, register_by_link
    from securechat.client.profiles.access import TrustFlags

    def register(profile: "Profile") -> "RelayId":
        relay = accept_link(profile, link)
        register_by_link(profile, link, relay)
        return relay

    relay, access = _under_a_free_name(guest, link.address, register)
    peer = link.name if link.has_inviter else None
    return peer, replace(access, trust=TrustFlags(pin=relay), invite=link.token)


def _pair(
    guest: _Guest, relay: "Endpoint", code: "PairingCode", *, json: bool
) -> "tuple[str, Access]":
    """Pair over a relay; return who has said the code, and how to get in.

    A name that somebody has there leaves the code unspent, and another one is asked for.
    """
    from securechat.client.pairing.joining import join_with_code
    from securechat.client.profiles.access import TrustFlags
    from securechat.faces.json_lines.events import encode_event

    joined, access = _under_a_free_name(
        guest, relay, lambda profile: join_with_code(profile, relay, code)
    )
    if json:
        typer.echo(encode_event(joined.who))
    else:
        _print_joined(joined)
    return joined.who.name, replace(access, trust=TrustFlags(pin=joined.relay_id))


def _print_joined(joined: "Joined") -> None:
    from securechat.identity.types import fingerprint

    typer.echo(f"  ok  server certificate pinned   {fingerprint(joined.relay_id)}")
    name = joined.who.name
    still = f", but still blocked here: /unblock {name}" if joined.who.blocked else ""
    typer.echo(f"  ok  {name} is verified (you both used the code){still}")
    typer.echo("  ok  messages are end-to-end encrypted")


def _under_a_free_name(
    guest: _Guest, relay: "Endpoint", come: "Callable[[Profile], Came]"
) -> "tuple[Came, Access]":
    """Come to a relay under the name of the guest, or under others as long as they are refused.

    Raises NameTaken and NameInvalid where nobody can be asked for another one.
    """
    while True:
        access = guest.access_to(relay)
        try:
            return _come(access, come), access
        except (NameTaken, NameInvalid) as error:
            if not can_ask():
                raise
            typer.echo(error.what, err=True)
        guest = structs.replace(guest, me=ask_name(f"{guest.me}-2"))


def _come(access: "Access", come: "Callable[[Profile], Came]") -> "Came":
    """Come under the name of an access; a profile made for that goes when it was for nothing."""
    from securechat.client.profiles.access import tell_if_new
    from securechat.client.profiles.profile import Profile

    with Profile(access.home, access.me, access.passphrases) as profile:
        try:
            return come(profile)
        except BaseException:
            profile.discard_if_new()
            raise
        finally:
            tell_if_new(access, profile)
