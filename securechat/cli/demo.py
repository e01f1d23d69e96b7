"""``securechat demo``: a relay, Alice and Bob on this machine, and what the relay saw of them."""

import sys
from typing import Annotated

import typer


def demo(
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Take Bob's seat yourself.")
    ] = False,
) -> None:
    """Watch two people chat through a relay, and what the relay sees of it."""
    from securechat.cli.demonstration.signals import deferring_signals, leaving_on_signals

    with leaving_on_signals():
        with deferring_signals():  # an import can swallow the exception that a Ctrl-C raises
            from securechat.cli.demonstration.page import open_page
            from securechat.cli.demonstration.scenes import play_script, take_seat
        page = open_page(sys.stdout)
        if interactive:
            take_seat(page)
        else:
            play_script(page)
