"""``securechat gen-certs``: a private authority and a certificate for the relay."""

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from securechat.transport.issuing import Issued

DEFAULT_DIRECTORY = Path("certs")


def gen_certs(
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", readable=False, help="Where the four files go."),
    ] = DEFAULT_DIRECTORY,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host",
            metavar="NAME|IP",
            help="One more name or address of the server, beside all those of this machine; "
            "may be given several times, and is kept when the certificate is renewed.",
        ),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=3650, help="How long the certificate is good.")
    ] = 90,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Renew the certificate that is there. Its key stays, so pins do too."
        ),
    ] = False,
) -> None:
    """Make a private authority and a TLS certificate for the server."""
    from securechat.transport.issuing import issue

    lifetime = timedelta(days=days)
    issued = issue(out, datetime.now(UTC), host or (), lifetime=lifetime, force=force)
    typer.echo(_report(out, issued))


def _report(out: Path, issued: "Issued") -> str:
    from securechat.identity.types import fingerprint
    from securechat.transport.certificate_directory import CA
    from securechat.transport.pins import pin_text

    certificate = issued.certificate
    server = "securechat server"
    if out != DEFAULT_DIRECTORY:
        server += f" --certs {shlex.quote(str(out))}"
    return "\n".join(
        [
            *(f"Wrote        {path}" for path in issued.written),
            f"Fingerprint  {fingerprint(certificate.relay_id)}",
            f"Pin          {pin_text(certificate.relay_id)}",
            f"Names        {' '.join(certificate.hosts)}",
            f"Valid until  {certificate.not_after:%Y-%m-%d %H:%M} UTC",
            "",
            "Next, on this machine:",
            f"  {server}",
            "To let other machines in:",
            f"  {server} --host 0.0.0.0",
            "and for each new person, in another terminal here, after securechat client:",
            "  securechat invite",
            f"They need no file. To trust this authority elsewhere, copy {out / CA}, but no other"
            " file,",
            "into the directory certs there.",
        ]
    )
