"""``securechat invite``: let somebody new onto the relay, with a link."""

import os
import re
import sys
import time
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.access import Flags, read_access
from securechat.cli.claiming import Beside, claim
from securechat.cli.options import JsonOption, NameOption, PassphraseFileOption
from securechat.cli.process import errors_as_json, exit_on_signals
from securechat.cli.settings import HomeOption, refuse_flags
from securechat.errors import Unreachable, UsageError

if TYPE_CHECKING:
    from securechat.client.commands import InviteQuestion
    from securechat.client.events import InviteMade
    from securechat.client.profiles.access import Access
    from securechat.faces.scripting.inviting import Answer

ANSWER_S = 10.0
DEFAULT_EXPIRY = "7d"
MAX_DAYS = 30
"""What every relay takes."""

_UNITS_S = {"d": 24 * 60 * 60, "h": 60 * 60, "m": 60}
_DURATION = re.compile(r"(\d{1,6})([dhm])", re.ASCII)


def invite(
    context: typer.Context,
    expires: Annotated[
        str,
        typer.Option("--expires", metavar="TIME", help="How long it works: 7d, 24h or 30m."),
    ] = DEFAULT_EXPIRY,
    uses: Annotated[
        int, typer.Option("--uses", min=1, max=1000, help="How many people can use it.")
    ] = 1,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="HOST[:PORT]",
            help="Where the others reach the relay [as you do; if that is here, this machine].",
        ),
    ] = None,
    list_all: Annotated[
        bool, typer.Option("--list", help="Make none; list those of yours that still work.")
    ] = False,
    revoke: Annotated[
        str | None, typer.Option("--revoke", metavar="ID", help="Make none; take one back.")
    ] = None,
    no_qr: Annotated[bool, typer.Option("--no-qr", help="No QR code on the terminal.")] = False,
    json_output: JsonOption = False,
    name: NameOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
) -> None:
    """Make a link that lets somebody new onto your relay. Works beside your running client too.

    Whoever has the link can use it, and it says who you are: send it to nobody else.
    """
    exit_on_signals()
    with errors_as_json(json_output):
        if list_all:
            refuse_flags(context, ("revoke",), "and --list are two things: ask for one")
        if list_all or revoke is not None:
            refuse_flags(context, ("expires", "uses", "address"), "is for a new invitation")
        from securechat.client.commands import Invites, MakeInvite, RevokeInvite

        question: InviteQuestion = MakeInvite(uses, parse_duration(expires), address)
        if list_all:
            question = Invites()
        elif revoke is not None:
            question = RevokeInvite(revoke)
        flags = Flags(name=name, home=home, passphrase_file=passphrase_file)
        answer = _ask(read_access(context, flags, None), question)
    if address is None:
        _warn_of_unreachable(answer)
    if json_output:
        from securechat.faces.json_lines.events import encode_event

        typer.echo(encode_event(answer))
    else:
        _print(answer, with_qr=not no_qr)


def parse_duration(text: str) -> int:
    """Return the seconds of ``7d``, ``24h`` or ``30m``; UsageError for what is none of these."""
    found = _DURATION.fullmatch(text.strip().lower())
    duration_s = int(found[1]) * _UNITS_S[found[2]] if found is not None else 0
    if not 0 < duration_s <= MAX_DAYS * _UNITS_S["d"]:
        raise UsageError(
            f"{text!r} is no time of at most {MAX_DAYS} days",
            "securechat invite --expires 7d, or 24h, or 30m",
        )
    return duration_s


def _ask(access: "Access", question: "InviteQuestion") -> "Answer":
    """Ask the command that has the profile open, or log in and ask."""
    from securechat.faces.scripting.inviting import Asking, await_answer
    from securechat.faces.scripting.requests import encode_request
    from securechat.faces.scripting.sources import OwnEvents

    place = claim(access, time.monotonic() + ANSWER_S)
    if isinstance(place, Beside):
        with place.connection as connection:
            connection.write_line(encode_request(question))
            return await_answer(place.answers, ANSWER_S)
    events = OwnEvents()
    with closing(place) as client:
        Asking(client, question, events.put)
        client.start()
        return await_answer(events, ANSWER_S)


def _warn_of_unreachable(answer: "Answer") -> None:
    """Say so when the relay does not answer at the address that the link of an answer has."""
    from securechat.client.connection.invite_link import parse_link
    from securechat.client.events import InviteList
    from securechat.transport.probe import probe

    if isinstance(answer, InviteList):
        return
    place = parse_link(answer.link).address
    try:
        probe(*place)
    except Unreachable as error:
        typer.echo(
            f"securechat: Nobody can use this link now. {error.what}\n"
            f"  try: on the relay's machine: securechat server --host 0.0.0.0 --port {place.port};"
            " or here: securechat invite --address HOST[:PORT]",
            err=True,
        )


def _print(answer: "Answer", *, with_qr: bool) -> None:
    from securechat.client.events import InviteList
    from securechat.faces.entries import lay_out
    from securechat.faces.wording import pairing as pairing_wording

    if isinstance(answer, InviteList):
        typer.echo(lay_out(pairing_wording.invite_list(answer, datetime.now())))
        return
    typer.echo(answer.link)
    if with_qr:
        _print_qr(answer)
    works = pairing_wording.works(answer.uses, answer.expires_ms, datetime.now())
    typer.echo(f"It {works}. There: securechat join LINK")
    typer.echo(f"To take it back: securechat invite --revoke {answer.id}")


def _print_qr(made: "InviteMade") -> None:
    """Draw the code where a phone can see it: on a terminal with colours."""
    from securechat.faces.color import ColorChoice, wants_color
    from securechat.faces.qr import draw_qr

    environ = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    if wants_color(ColorChoice.AUTO, environ, terminal=sys.stdout.isatty()):
        has_blocks = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        typer.echo("\n".join(draw_qr(made.qr_text, has_blocks=has_blocks)), color=True)
