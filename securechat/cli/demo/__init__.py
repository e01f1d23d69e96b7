"""``securechat demo``: a relay, Alice and Bob on this machine, and what the relay saw of them.

The command is here; the rest of the package is imported when it runs.
"""

import sys
from typing import Annotated

import typer


def demo(
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Take Bob's seat yourself.")
    ] = False,
) -> None:
    """Watch two people chat through a relay, and what the relay sees of it."""
    from securechat.cli.demo.page import open_page
    from securechat.cli.demo.scenes import play_script, take_seat
    from securechat.cli.demo.signals import leaving_on_signals

    with leaving_on_signals():
        page = open_page(sys.stdout)
        if interactive:
            take_seat(page)
        else:
            play_script(page)
