"""``securechat doctor``: what is wrong between here and the relay, and what to type next."""

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.options import CaOption, JsonOption, NameOption, PassphraseFileOption, PinOption
from securechat.cli.passphrase_input import read_passphrases
from securechat.cli.settings import HomeOption
from securechat.text import safe_text

if TYPE_CHECKING:
    from securechat.findings import Finding


def doctor(
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="[HOST[:PORT]]", help="The relay [the one used last, else 127.0.0.1:5555]."
        ),
    ] = None,
    name: NameOption = None,
    pin: PinOption = None,
    ca: CaOption = None,
    home: HomeOption = None,
    passphrase_file: PassphraseFileOption = None,
    json_output: JsonOption = False,
) -> None:
    """Look for what is wrong between here and the relay; say what to type next."""
    from securechat.client.doctor import examine
    from securechat.client.doctor_checks import Case

    case = Case(
        home=home,
        name=name,
        address=address,
        pin=pin,
        ca_file=ca,
        passphrases=lambda me: partial(read_passphrases, me, passphrase_file),
    )
    if status := _report(examine(case), _show_json if json_output else _show_lines):
        raise typer.Exit(status)


def _report(findings: "Iterable[Finding]", show: "Callable[[Finding], None]") -> int:
    """Show each finding when it is there; return the exit status of the first that failed."""
    status = 0
    for finding in findings:
        show(finding)
        status = status or finding.exit_status
    return status


def _show_lines(finding: "Finding") -> None:
    typer.echo(f"{finding.level:<5} {finding.check:<12} {safe_text(finding.what)}")
    if finding.try_next:
        typer.echo(f"      try: {safe_text(finding.try_next)}")


def _show_json(finding: "Finding") -> None:
    typer.echo(
        json.dumps(
            {
                "event": "finding",
                "check": finding.check,
                "level": finding.level.lower(),
                "message": finding.what,
                "try": finding.try_next,
                "exit": finding.exit_status,
            }
        )
    )
