"""``securechat demo``: a relay, Alice and Bob on this machine, and what the relay saw of them."""

from typing import Annotated

import typer


def demo(
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Take Bob's seat yourself.")
    ] = False,
) -> None:
    """Watch two people chat through a relay, and what the relay sees of it."""
    raise NotImplementedError
