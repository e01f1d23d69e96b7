"""``securechat doctor``: what is wrong with the way to a relay, or with the relay that is here."""

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.options import (
    CaOption,
    CertsOption,
    DataOption,
    JsonOption,
    NameOption,
    PassphraseFileOption,
    PinOption,
)
from securechat.cli.passphrase_input import read_passphrases
from securechat.cli.settings import HomeOption, data_directory, refuse_flags
from securechat.client.profiles.surroundings import certs_directory, load_settings
from securechat.errors import UsageError
from securechat.text import safe_text

if TYPE_CHECKING:
    from securechat.findings import Finding
    from securechat.relay.doctor_case import Setup

WAY_ONLY = ("name", "pin", "ca", "passphrase_file")
"""Parameters that mean nothing where the relay is."""

LISTEN_ONLY = ("host", "port", "certs", "data")


def doctor(
    context: typer.Context,
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
    listen: Annotated[
        bool,
        typer.Option("--listen", help="Look at the relay that is here, running or not."),
    ] = False,
    host: Annotated[
        str | None,
        typer.Option("--host", help="With --listen: as securechat server takes it [127.0.0.1]."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="With --listen: the TCP port [5555]."),
    ] = None,
    certs: CertsOption = None,
    data: DataOption = None,
    json_output: JsonOption = False,
) -> None:
    """Look for what is wrong between here and the relay, or with the relay that is here.

    Each finding comes with what to type next.
    """
    if listen:
        if address is not None:
            raise UsageError(
                "HOST is a relay to go to; --listen looks at the one of this machine",
                "securechat doctor --listen --host ADDRESS, for where that one is to listen",
            )
        refuse_flags(context, WAY_ONLY, "is for the way to a relay, not for --listen")
        findings = _examine_relay(partial(_read_setup, home, certs, data, host, port))
    else:
        refuse_flags(context, LISTEN_ONLY, "needs --listen")
        findings = _examine_way(home, name, address, pin, ca, passphrase_file)
    if status := _report(findings, _show_json if json_output else _show_lines):
        raise typer.Exit(status)


def _examine_way(
    home: Path | None,
    name: str | None,
    address: str | None,
    pin: str | None,
    ca: Path | None,
    passphrase_file: Path | None,
) -> "Iterable[Finding]":
    from securechat.client.doctor import examine
    from securechat.client.doctor_checks import Case

    return examine(
        Case(
            home=home,
            name=name,
            address=address,
            pin=pin,
            ca_file=ca,
            passphrases=lambda me: partial(read_passphrases, me, passphrase_file),
        )
    )


def _examine_relay(read_setup: "Callable[[], Setup]") -> "Iterable[Finding]":
    from securechat.relay.doctor import examine
    from securechat.relay.doctor_case import Case

    return examine(Case(read_setup))


def _read_setup(
    home: Path | None, certs: Path | None, data: Path | None, host: str | None, port: int | None
) -> "Setup":
    """Return what ``securechat server`` with these flags would run with."""
    import msgspec

    from securechat.relay.doctor_case import Setup

    settings = load_settings(home).server
    return Setup(
        msgspec.structs.replace(
            settings,
            host=settings.host if host is None else host,
            port=settings.port if port is None else port,
        ),
        certs_directory(home, certs, settings.certs),
        data_directory(home, data, settings.data),
    )


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
