"""A bridge: each line of standard input is a message to a person or a room.

    tail -f app.log | python scripts/examples/bridge_stdin.py alice --name logs

A line is read when the relay has accepted the one before, so nothing is lost when the bridge ends.
Empty lines are left out. While the relay is away it waits, up to --patience seconds for one line.

Exit status, as of the securechat commands: 0: every line was accepted. 2: a line that no message
can hold. 4: the recipient's key has changed. 7: the last line read was not accepted in time; it is
kept, and goes out with any later command of this name. 130, 143: interrupted, terminated.
"""

import argparse
import signal
import sys
from io import TextIOWrapper
from typing import cast

import securechat
from securechat.errors import SecureChatError
from securechat.text import safe_text

TERMINATED = 143


def main() -> int:
    """Send what is read to its end; return the exit status."""
    options = _parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    lines = cast(TextIOWrapper, sys.stdin)
    lines.reconfigure(encoding="utf-8", errors="replace")
    try:
        with securechat.Client(
            options.name,
            options.server,
            home=options.home,
            ca=options.ca,
            pin=options.pin,
            receive=False,
        ) as chat:
            for line in lines:
                if (text := line.rstrip("\r\n")).strip():
                    chat.wait_for(chat.send(options.to, text), timeout_s=options.patience)
    except SecureChatError as error:
        print(f"bridge_stdin: {safe_text(str(error), multiline=True)}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Send each line of standard input as a message.")
    parser.add_argument("to", metavar="TO", help="a person, or a room that the bridge is in: #ROOM")
    parser.add_argument("--name", default="bridge", help="who the bridge is [bridge]")
    parser.add_argument("--server", metavar="HOST[:PORT]", help="the relay")
    parser.add_argument("--home", metavar="DIR", help="where its profile lives")
    parser.add_argument("--ca", metavar="FILE", help="the server's ca.pem")
    parser.add_argument("--pin", help="the relay's whole pin: sha256:…")
    parser.add_argument(
        "--patience", type=float, default=60.0, metavar="SECONDS", help="for each line [60]"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
