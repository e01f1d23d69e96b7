"""``securechat server reset-identity``: let somebody who lost their key come again."""

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from securechat.cli.options import CertsOption, DataOption
from securechat.cli.settings import HomeOption, data_directory
from securechat.client.profiles.surroundings import certs_directory, load_settings
from securechat.config import DEFAULT_HOST
from securechat.errors import Busy, UsageError

if TYPE_CHECKING:
    from securechat.client.connection.invite_link import InviteToken
    from securechat.identity.types import Name
    from securechat.store.news import StoreNews
    from securechat.transport.certificate_directory import ServerCertificate


def reset_identity(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who has lost their key.")],
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="HOST[:PORT]",
            help="Where they reach the relay [this machine, and the port in the settings].",
        ),
    ] = None,
    certs: CertsOption = None,
    data: DataOption = None,
    home: HomeOption = None,
) -> None:
    """Let NAME, who lost their key, begin anew: makes a link. Stop the relay first.

    The old key is forgotten here, and nobody else gets the name for 7 days. Whoever knows NAME will
    see CHANGED.
    """
    from securechat.client.connection.invite_link import (
        NO_INVITER,
        TOKEN_BYTES,
        InviteLink,
        InviteToken,
        relay_hint,
    )
    from securechat.client.pairing.inviting import place_for_others
    from securechat.relay.own_store import STORE
    from securechat.relay.server import ANY_ADDRESS
    from securechat.transport.certificate_directory import describe, read_server_certificate
    from securechat.transport.private_files import is_there

    settings = load_settings(home).server
    host = DEFAULT_HOST if settings.host in ANY_ADDRESS else settings.host
    bracketed = f"[{host}]" if ":" in host else host
    place = place_for_others(address, f"{bracketed}:{settings.port}")
    store = data_directory(home, data, settings.data)
    if not is_there(store / STORE):
        raise UsageError(
            f"There is no relay's store in {store}",
            "the same command with --data DIR, as the relay runs with",
        )
    directory = certs_directory(home, certs, settings.certs)
    certificate = describe(directory, read_server_certificate(directory))
    token = InviteToken(secrets.token_bytes(TOKEN_BYTES))
    found = _reset(store, certificate, name, token)
    link = InviteLink(place, token, relay_hint(certificate.relay_id), NO_INVITER, found)
    _print(link.text, found, None if address else str(place))


def _reset(data: Path, certificate: "ServerCertificate", name: str, token: "InviteToken") -> "Name":
    """Have the store forget a name's key, and keep the name for the token; return the name.

    Raises UsageError, Busy while the relay runs, and FileProblem; then nothing has changed.
    """
    from securechat.identity.invite import token_hash
    from securechat.relay.own_store import opening_store
    from securechat.relay.reset import plan_reset

    try:
        with opening_store(data, certificate, lambda call: call(), _warn) as store:
            now_ms = time.time_ns() // 1_000_000
            reset = plan_reset(store.rows(), name, token_hash(token), now_ms)
            if reset is None:
                raise UsageError(
                    f"Nobody on this relay is called {name}", "look for the name in its log"
                )
            store.save_now(reset.changes, reset.emptied)
    except Busy as busy:
        raise Busy(
            f"The relay runs: it uses the store in {data}",
            "stop it (Ctrl-C there), then the same command again",
        ) from busy
    return reset.name


def _warn(news: "StoreNews") -> None:
    from securechat.store.news import Damaged

    if isinstance(news, Damaged):
        typer.echo(f"securechat: Warning: {news.error}", err=True)


def _print(link: str, name: "Name", guessed_place: str | None) -> None:
    from securechat.relay.reset import NAME_KEPT_DAYS

    typer.echo(link)
    typer.echo(f"{name} is forgotten; the name waits {NAME_KEPT_DAYS} days for who has this link:")
    typer.echo(f"  securechat join LINK --name {name}")
    typer.echo("  (where the old profile is still: the same with --home NEW-DIRECTORY)")
    if guessed_place is not None:
        typer.echo(f"It says that the relay is at {guessed_place}; --address says another place.")
    typer.echo(
        f"Whoever knows {name} will see CHANGED, and sends nothing before they have decided."
    )
    typer.echo("What waited here for the old key is gone. Now start the relay again.")
